//! Who is in a place already.

use osmia_abi::{
    AttachType, BpfLinkInfo, LinkInfoNetfilter, LinkInfoNetns, LinkInfoTracing, LinkInfoXdp,
    LinkType,
};
use osmia_sys::{Netlink, XdpPrograms};

use crate::kernel::Kernel;
use crate::link::Link;
use crate::program::Program;

/// A program in a place, and the link that keeps it there; what is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occupant {
    program: Option<u32>,
    link: Option<u32>,
}

impl Occupant {
    /// That of XDP on an interface.
    pub(crate) fn of_xdp(kernel: &Kernel, ifindex: u32) -> Self {
        let by_link = Self::find(kernel, |info| {
            let LinkInfoXdp { ifindex: index } = info.tail_as().unwrap_or_default();
            info.type_ == LinkType::XDP && index == ifindex
        });
        let programs = Netlink::open().ok().and_then(|netlink| netlink.xdp(ifindex).ok());
        let XdpPrograms { driver, generic, hardware } = programs.unwrap_or_default();
        let program = driver.or(generic).or(hardware);
        // There may be one in each mode, of which not all have links.
        match by_link {
            Some(found) if program.is_none() || found.program == program => found,
            _ => Self { program, link: None },
        }
    }

    /// That of a netfilter hook, by its numbers.
    pub(crate) fn of_netfilter(kernel: &Kernel, (family, hook, priority): (u32, u32, i32)) -> Self {
        let found = Self::find(kernel, |info| {
            let tail: LinkInfoNetfilter = info.tail_as().unwrap_or_default();
            info.type_ == LinkType::NETFILTER
                && (tail.pf, tail.hooknum, tail.priority) == (family, hook, priority)
        });
        found.unwrap_or_default()
    }

    /// That of a network namespace's place, by the number of its inode.
    pub(crate) fn of_netns(kernel: &Kernel, inode: u32, attach_type: AttachType) -> Self {
        let found = Self::find(kernel, |info| {
            let tail: LinkInfoNetns = info.tail_as().unwrap_or_default();
            info.type_ == LinkType::NETNS
                && (tail.netns_ino, tail.attach_type) == (inode, attach_type)
        });
        found.unwrap_or_default()
    }

    /// The link by which a tracing program is attached already.
    pub(crate) fn of_tracing(kernel: &Kernel, program: u32) -> Self {
        let found = Self::find(kernel, |info| {
            let tail: Option<LinkInfoTracing> = info.tail_as();
            info.type_ == LinkType::TRACING && tail.is_some() && info.prog_id == program
        });
        found.unwrap_or_default()
    }

    fn find(kernel: &Kernel, is_it: impl Fn(&BpfLinkInfo) -> bool) -> Option<Self> {
        let infos = Link::all(kernel).filter_map(|link| link.ok()?.info().ok());
        let found = infos.into_iter().find(|info| is_it(info.raw()))?;
        let known = |id: u32| (id != 0).then_some(id);
        Some(Self { program: known(found.program_id()), link: known(found.id()) })
    }

    /// In words, for the end of a sentence: ` (program 12, "drop", by link 5)`; nothing if nothing is known.
    pub(crate) fn words(self, kernel: &Kernel) -> String {
        let program = self.program.map(|id| {
            let name = Program::by_id(kernel, id).ok().map(|program| program.name().to_owned());
            let name = name.filter(|name| !name.is_empty());
            let name = name.map_or_else(String::new, |name| format!(" `{name}`"));
            format!("program {id}{name}")
        });
        match (program, self.link) {
            (Some(program), Some(link)) => format!(" ({program}, by link {link})"),
            (Some(program), None) => format!(" ({program}, without a link)"),
            (None, Some(link)) => format!(" (by link {link})"),
            (None, None) => String::new(),
        }
    }
}
