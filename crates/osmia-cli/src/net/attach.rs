//! `osmia net attach` and `osmia net detach`.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};

use clap::Args;
use osmia::{Kernel, Program};
use osmia_abi::{AttachType, ProgType};
use osmia_sys::{
    AttachTarget, Errno, Neighbour, Netlink, NetlinkError, Position, ProgAttach, Side, TcFilter,
    TcProgram, TcSide,
};

use crate::failure::Failure;
use crate::map::open::program;
use crate::near::no_such;
use crate::net::netfilter;
use crate::output::Output;
use crate::token;
use crate::words::Words;

/// `XDP_FLAGS_UPDATE_IF_NOEXIST` and the flags of the modes.
const ONLY_IF_FREE: u32 = 1;
const GENERIC: u32 = 2;
const DRIVER: u32 = 4;
const HARDWARE: u32 = 8;

// The arguments of `osmia net attach`.
#[derive(Args)]
#[command(
    after_help = "PLACE is xdp, xdpgeneric, xdpdrv, xdpoffload, tcx_ingress, tcx_egress, tc_ingress, tc_egress, \
netkit_primary, netkit_peer, or flow_dissector or netfilter, which have no interface. Behind the interface may \
stand overwrite (XDP), prepend (tcx, netkit), `prio N` and `handle N` (tc). Behind netfilter and its program \
stand ipv4 or ipv6, a hook (prerouting, input, forward, output, postrouting), `prio N`, defrag, and \
`pinned PATH`: the pin is what keeps it, and removing it detaches.

Examples:
  osmia net attach xdpgeneric name drop dev veth0
  osmia net attach tcx_ingress id 12 dev veth0 prepend
  osmia net attach tc_egress pinned /sys/fs/bpf/mark dev veth0 prio 10
  osmia net attach netfilter name drop ipv4 input prio -10 pinned /sys/fs/bpf/drop_link"
)]
pub struct Attach {
    /// Where, which program, which interface
    #[arg(required = true, value_name = "PLACE PROG dev NAME", allow_negative_numbers = true)]
    words: Vec<String>,
}

// The arguments of `osmia net detach`.
#[derive(Args)]
#[command(
    after_help = "PLACE is as for `osmia net attach`. At places that run several programs PROG says which one; \
without, tcx and netkit let go of the last one, tc of all its BPF programs.

Examples:
  osmia net detach xdp dev veth0
  osmia net detach tcx_ingress id 12 dev veth0"
)]
pub struct Detach {
    /// Where, perhaps which program, which interface
    #[arg(required = true, value_name = "PLACE [PROG] dev NAME")]
    words: Vec<String>,
}

/// A place by its word.
#[derive(Clone, Copy)]
enum Place {
    /// XDP with the flags of a mode.
    Xdp(u32),
    /// Several programs in an order of their own.
    Multi(AttachType),
    /// Classifiers of tc.
    Classifier(TcSide),
    /// The network namespace.
    Dissector,
    /// A hook of the packet filter.
    Netfilter,
}

const PLACES: [(&str, Place); 12] = [
    ("xdp", Place::Xdp(0)),
    ("xdpgeneric", Place::Xdp(GENERIC)),
    ("xdpdrv", Place::Xdp(DRIVER)),
    ("xdpoffload", Place::Xdp(HARDWARE)),
    ("tcx_ingress", Place::Multi(AttachType::TCX_INGRESS)),
    ("tcx_egress", Place::Multi(AttachType::TCX_EGRESS)),
    ("tc_ingress", Place::Classifier(TcSide::Ingress)),
    ("tc_egress", Place::Classifier(TcSide::Egress)),
    ("netkit_primary", Place::Multi(AttachType::NETKIT_PRIMARY)),
    ("netkit_peer", Place::Multi(AttachType::NETKIT_PEER)),
    ("flow_dissector", Place::Dissector),
    ("netfilter", Place::Netfilter),
];

/// What may stand behind the interface.
#[derive(Default)]
struct Manner {
    overwrite: bool,
    prepend: bool,
    priority: u16,
    handle: u32,
}

impl Attach {
    /// Attaches a program.
    ///
    /// # Errors
    /// There is no such program or interface, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.change()?;
        output.done()
    }

    fn change(&self) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let (name, place) = place(&mut words)?;
        let prog = program(&kernel, &mut words)?;
        if let Place::Dissector = place {
            words.end()?;
            let attempt = format!("attach program {} to {name}", prog.info()?.id);
            return dissector(Some(prog.fd()?), false)
                .map_err(|failure| of_other_type(place, &prog, &attempt).unwrap_or(failure));
        }
        if let Place::Netfilter = place {
            return netfilter::attach(prog, &mut words);
        }
        let (index, device) = device(&mut words)?;
        let manner = Manner::read(&mut words, place)?;
        let attempt = format!("attach program {} to {name} of {device}", prog.info()?.id);
        let attached = attach(place, &prog, (index, &manner), &attempt);
        attached.map_err(|failure| of_other_type(place, &prog, &attempt).unwrap_or(failure))
    }
}

/// Attaches a program to a place of an interface, in a manner.
fn attach(
    place: Place,
    prog: &Program,
    (index, manner): (u32, &Manner),
    attempt: &str,
) -> Result<(), Failure> {
    match place {
        Place::Xdp(mode) => {
            let flags = if manner.overwrite { mode } else { mode | ONLY_IF_FREE };
            let set = netlink()?.set_xdp(index, Some(prog.fd()?), flags, None);
            set.map_err(|error| xdp_refused(attempt, &error))
        }
        Place::Multi(attach_type) => {
            let side = if manner.prepend { Side::Before } else { Side::After };
            let position = manner.prepend.then_some(Position { side, neighbour: Neighbour::Whole });
            let attach = at(index, attach_type, position);
            token::bpf()?
                .prog_attach(prog.fd()?, &attach)
                .map_err(|errno| Failure::because(attempt, &errno))
        }
        Place::Classifier(side) => {
            let net = netlink()?;
            let Manner { priority, handle, .. } = *manner;
            net.add_clsact(index)
                .and_then(|_| {
                    let filter = TcFilter { index, side, priority, handle };
                    let fd = prog.fd().map_err(|_| NetlinkError::from(Errno::BADF))?;
                    net.add_tc_filter(&filter, fd, prog.name())
                })
                .map(drop)
                .map_err(|error| Failure::because(attempt, &error))
        }
        Place::Dissector | Place::Netfilter => Ok(()),
    }
}

/// What is wrong if a program is of another type than those that run at the place.
fn of_other_type(place: Place, prog: &Program, attempt: &str) -> Option<Failure> {
    let (wanted, section) = match place {
        Place::Xdp(_) => (ProgType::XDP, "xdp"),
        Place::Multi(_) | Place::Classifier(_) => (ProgType::SCHED_CLS, "tc"),
        Place::Dissector => (ProgType::FLOW_DISSECTOR, "flow_dissector"),
        Place::Netfilter => (ProgType::NETFILTER, "netfilter"),
    };
    let name = |ty: ProgType| ty.name().map_or_else(|| ty.0.to_string(), str::to_owned);
    (prog.prog_type() != wanted).then(|| {
        Failure::new(format!(
            "{attempt}: programs of type {} run there (SEC(\"{section}\")), and {} is of type {}",
            name(wanted),
            prog.name(),
            name(prog.prog_type())
        ))
    })
}

impl Detach {
    /// Detaches a program.
    ///
    /// # Errors
    /// There is none, or no such interface, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.change()?;
        output.done()
    }

    fn change(&self) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let (name, place) = place(&mut words)?;
        if let Place::Dissector = place {
            words.end()?;
            return dissector(None, true);
        }
        if let Place::Netfilter = place {
            return Err(Failure::usage(
                "what is on netfilter is held by links: `osmia link detach id N` detaches one of those that \
                 `osmia net list` shows",
            ));
        }
        let prog = match words.peek() {
            Some("dev") | None => None,
            Some(_) => Some(program(&kernel, &mut words)?),
        };
        let (index, device) = device(&mut words)?;
        words.end()?;
        let attempt = format!("detach from {name} of {device}");
        match place {
            Place::Xdp(mode) => {
                let there =
                    netlink()?.xdp(index).map_err(|error| Failure::because(&*attempt, &error))?;
                // Without the mode in which a program is there the kernel detaches nothing, and says nothing.
                let modes =
                    [(DRIVER, there.driver), (GENERIC, there.generic), (HARDWARE, there.hardware)];
                let found =
                    modes.iter().find(|(own, id)| id.is_some() && (mode == 0 || mode == *own));
                let Some((mode, _)) = found else {
                    return Err(Failure::not_found(format!("{attempt}: it runs no such program")));
                };
                netlink()?
                    .set_xdp(index, None, *mode, None)
                    .map_err(|error| xdp_refused(&attempt, &error))
            }
            Place::Multi(attach_type) => {
                let fd = prog.as_ref().map(Program::fd).transpose()?;
                let position = prog
                    .is_none()
                    .then_some(Position { side: Side::After, neighbour: Neighbour::Whole });
                token::bpf()?
                    .prog_detach(fd, &at(index, attach_type, position))
                    .map_err(|errno| Failure::because(attempt, &errno))
            }
            Place::Classifier(side) => {
                let id = prog.map(|prog| prog.info()).transpose()?.map(|info| info.id);
                classifiers(index, side, id, &attempt)
            }
            Place::Dissector | Place::Netfilter => Ok(()),
        }
    }
}

impl Manner {
    /// What is not for this place is no more understood than other words.
    fn read(words: &mut Words<'_>, place: Place) -> Result<Self, Failure> {
        let keywords: &[&'static str] = match place {
            Place::Xdp(_) => &["overwrite"],
            Place::Multi(_) => &["prepend"],
            Place::Classifier(_) => &["prio", "handle"],
            Place::Dissector | Place::Netfilter => &[],
        };
        let mut manner = Self::default();
        while !words.is_empty() {
            match words.keyword(keywords)? {
                "overwrite" => manner.overwrite = true,
                "prepend" => manner.prepend = true,
                "prio" => {
                    let number = words.number("the priority")?;
                    manner.priority = u16::try_from(number)
                        .map_err(|_| Failure::usage("priorities go up to 65535"))?;
                }
                _ => {
                    let number = words.number("the handle")?;
                    manner.handle = u32::try_from(number)
                        .map_err(|_| Failure::usage("handles have 32 bits"))?;
                }
            }
        }
        Ok(manner)
    }
}

fn place<'a>(words: &mut Words<'a>) -> Result<(&'a str, Place), Failure> {
    let word = words.next("where to attach")?;
    let found = PLACES.iter().find(|(name, _)| *name == word);
    let found = found.ok_or_else(|| {
        Failure::usage(no_such("place", word, PLACES.iter().map(|(name, _)| *name)))
    })?;
    Ok((word, found.1))
}

/// The interface that the next words say.
fn device<'a>(words: &mut Words<'a>) -> Result<(u32, &'a str), Failure> {
    words.keyword(&["dev"])?;
    let name = words.next("the interface")?;
    let net = netlink()?;
    let index = net.index_of(name).map_err(|errno| match errno {
        Errno::NODEV => {
            let all = net.interfaces().unwrap_or_default();
            let names = all.iter().map(|found| found.name.as_str());
            Failure::not_found(no_such("interface", name, names))
        }
        errno => Failure::because(format!("find interface {name}"), &errno),
    })?;
    Ok((index, name))
}

fn netlink() -> Result<Netlink, Failure> {
    Netlink::open().map_err(|errno| Failure::because("open netlink", &errno))
}

fn at(index: u32, attach_type: AttachType, position: Option<Position<'_>>) -> ProgAttach<'_> {
    let target = AttachTarget::Ifindex(index);
    ProgAttach { target, attach_type, flags: 0, replace: None, position, expected_revision: 0 }
}

/// Attaches the flow dissector of this network namespace, or detaches it.
fn dissector(prog: Option<BorrowedFd<'_>>, detach: bool) -> Result<(), Failure> {
    let file = File::open("/proc/thread-self/ns/net")
        .map_err(|error| Failure::because("open this network namespace", &error))?;
    let attach = ProgAttach {
        target: AttachTarget::Fd(file.as_fd()),
        attach_type: AttachType::FLOW_DISSECTOR,
        flags: 0,
        replace: None,
        position: None,
        expected_revision: 0,
    };
    let bpf = token::bpf()?;
    let (verb, done) = match prog.filter(|_| !detach) {
        Some(prog) => {
            // The kernel takes the namespace of the caller, and wants no descriptor of it.
            let attach = ProgAttach { target: AttachTarget::Ifindex(0), ..attach };
            ("attach", bpf.prog_attach(prog, &attach))
        }
        None => {
            let found =
                crate::attached::query(&bpf, attach.target, AttachType::FLOW_DISSECTOR, false)
                    .map_err(|errno| Failure::because("ask for the flow dissector", &errno))?;
            let Some(first) = found.programs.first() else {
                return Err(Failure::not_found("this network namespace has no flow dissector"));
            };
            let fd = bpf
                .prog_by_id(first.prog)
                .map_err(|errno| Failure::because("open the flow dissector", &errno))?;
            let attach = ProgAttach { target: AttachTarget::Ifindex(0), ..attach };
            ("detach", bpf.prog_detach(Some(fd.as_fd()), &attach))
        }
    };
    done.map_err(|errno| Failure::because(format!("{verb} the flow dissector"), &errno))
}

/// Removes BPF classifiers from one side of an interface: those of a program, or all.
fn classifiers(index: u32, side: TcSide, prog: Option<u32>, attempt: &str) -> Result<(), Failure> {
    let net = netlink()?;
    let failed = |error: NetlinkError| Failure::because(attempt, &error);
    let is_it = |found: &TcProgram| {
        found.side == Some(side) && prog.is_none_or(|prog| found.id == Some(prog))
    };
    let found = net.tc_programs(index).map_err(failed)?;
    let found: Vec<TcProgram> = found.into_iter().filter(is_it).collect();
    if found.is_empty() {
        return Err(Failure::not_found(format!("{attempt}: there is no such program")));
    }
    for TcProgram { priority, handle, .. } in found {
        net.remove_tc_filter(&TcFilter { index, side, priority, handle }).map_err(failed)?;
    }
    Ok(())
}

fn xdp_refused(attempt: &str, error: &NetlinkError) -> Failure {
    let hint = match error.errno {
        Errno::EXIST | Errno::BUSY => {
            ": another program is there; `overwrite` replaces it, unless a link holds it"
        }
        Errno::OPNOTSUPP => ": the driver cannot do it; xdpgeneric works on all interfaces",
        _ => "",
    };
    Failure::because(format!("{attempt}{hint}"), error)
}
