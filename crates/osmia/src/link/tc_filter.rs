//! Classifiers of tc: how programs are attached to interfaces on kernels before 6.6.

use osmia_sys::{Capability, Errno, Netlink, NetlinkError, ProgFd, TcSide};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::leftover;
use crate::link::owner::Owner;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::xdp::interface;
use crate::link::{Held, Link};

/// A classifier among those that `tc filter show` lists, on the `clsact` queueing discipline of an interface.
///
/// The discipline is added if it is not there, and stays: other classifiers may hang on it. The kernel keeps the classifier of a
/// process that is killed; its name, which `tc filter show` prints, has the process's number in it, and
/// [`Kernel::leftovers`] finds it.
///
/// # Examples
/// ```
/// use osmia::TcFilter;
///
/// let place = TcFilter::ingress(3).priority(50).handle(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcFilter {
    ifindex: u32,
    side: TcSide,
    priority: u16,
    handle: u32,
}

impl TcFilter {
    /// On the packets that the interface receives.
    pub fn ingress(ifindex: u32) -> Self {
        Self::of_side(ifindex, TcSide::Ingress)
    }

    /// On the packets that the interface sends.
    pub fn egress(ifindex: u32) -> Self {
        Self::of_side(ifindex, TcSide::Egress)
    }

    pub(crate) fn of_side(ifindex: u32, side: TcSide) -> Self {
        Self { ifindex, side, priority: 0, handle: 0 }
    }

    /// The order among the classifiers: lower ones come first. The kernel chooses if nothing is said.
    #[must_use]
    pub fn priority(mut self, priority: u16) -> Self {
        self.priority = priority;
        self
    }

    /// The number among those of the same priority. The kernel chooses if nothing is said.
    #[must_use]
    pub fn handle(mut self, handle: u32) -> Self {
        self.handle = handle;
        self
    }
}

#[derive(Debug)]
struct Filter {
    /// Of the network namespace in which it was attached.
    netlink: Netlink,
    at: osmia_sys::TcFilter,
    there: bool,
}

impl Setting for Filter {
    fn undo(&mut self) -> Result<(), Errno> {
        if !std::mem::take(&mut self.there) {
            return Ok(());
        }
        match self.netlink.remove_tc_filter(&self.at) {
            // It went with the interface.
            Err(NetlinkError { errno: Errno::NODEV, .. }) => Ok(()),
            other => other.map_err(|error| error.errno),
        }
    }
}

/// Attaches a tc program as a classifier that decides by itself.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    name: &str,
    at: &TcFilter,
) -> Result<Link, Error> {
    let word = if at.side == TcSide::Ingress { "ingress" } else { "egress" };
    let place = format!("tc filter on {word} of interface {}", interface(at.ifindex));
    match set(prog, &mark(name, Owner::this(kernel.files())), at) {
        Ok(filter) => Ok(Link::new(kernel, place, Held::Setting(OwnedSetting::new(filter)))),
        Err(error) => Err(failed(kernel, error, at).during(format!("attach to {place}"))),
    }
}

/// What stands between a program's name and its owner in the name of a classifier.
const MARK: &str = " osmia_";

/// The name of a classifier, which tells whose it is.
fn mark(program: &str, owner: Owner) -> String {
    format!("{program}{MARK}{owner}")
}

/// The program and the owner that the name of a classifier tells, if it is one of ours.
pub(crate) fn marked(name: &str) -> Option<(&str, Owner)> {
    let (program, owner) = name.rsplit_once(MARK)?;
    Some((program, Owner::parse(owner)?))
}

fn set(prog: &ProgFd, name: &str, at: &TcFilter) -> Result<Filter, NetlinkError> {
    use std::os::fd::AsFd as _;

    let netlink = Netlink::open()?;
    netlink.add_clsact(at.ifindex)?;
    let TcFilter { ifindex: index, side, priority, handle } = *at;
    let wanted = osmia_sys::TcFilter { index, side, priority, handle };
    let filter = netlink.add_tc_filter(&wanted, prog.as_fd(), name)?;
    Ok(Filter { netlink, at: filter, there: true })
}

fn failed(kernel: &Kernel, error: NetlinkError, at: &TcFilter) -> Error {
    let (kind, told) = match error.errno {
        Errno::NODEV => (
            ErrorKind::NotFound,
            "there is no such interface in this network namespace".to_owned(),
        ),
        Errno::EXIST => (ErrorKind::Exists, taken(kernel, at)),
        Errno::NOENT => (
            ErrorKind::NotFound,
            "this kernel has no clsact or no bpf classifiers: it needs CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF"
                .to_owned(),
        ),
        errno => return refused(kernel, &[Capability::NetAdmin], errno, "add the classifier"),
    };
    Error::new(kind, told).caused_by(error)
}

/// Who has the place already.
fn taken(kernel: &Kernel, at: &TcFilter) -> String {
    let wanted = "another classifier has this priority and handle";
    let found = Netlink::open().ok().and_then(|netlink| netlink.tc_programs(at.ifindex).ok());
    let there = found.unwrap_or_default().into_iter().find(|there| {
        (there.side, there.priority, there.handle) == (Some(at.side), at.priority, at.handle)
    });
    let Some(there) = there else { return format!("{wanted}: choose others") };
    match leftover::dead(kernel, &there) {
        Some((_, owner, program)) => format!(
            "a classifier with program `{program}` has this priority and handle, which process {} has left when it was \
             killed: `osmia doctor --remove-leftovers` removes it, or `Kernel::leftovers`",
            owner.process
        ),
        None => {
            let (name, id) = (there.name.unwrap_or_default(), there.id.unwrap_or(0));
            format!("{wanted}, with program {id} (`{name}`): choose others")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{mark, marked};
    use crate::link::owner::Owner;

    #[test]
    fn names_tell_owners() {
        let owner = Owner::parse("7_99").unwrap();
        assert_eq!(mark("drop", owner), "drop osmia_7_99");
        assert_eq!(marked("drop osmia_7_99"), Some(("drop", owner)));
        for other in ["", "drop", "drop osmia_", "drop osmia_7", "osmia_7_99"] {
            assert_eq!(marked(other), None, "{other}");
        }
    }
}
