//! Netfilter hooks: programs among the rules of the packet filter.

use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_sys::{Capability, Errno, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::occupant::Occupant;
use crate::link::refused::refused;
use crate::link::{Held, Link, attach_types};

/// Have fragments put together first (`BPF_F_NETFILTER_IP_DEFRAG`).
const DEFRAGMENT: u32 = 1;

/// The protocol whose packets a hook sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetfilterFamily {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// Where on a packet's way a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetfilterHook {
    /// Received, before routing.
    PreRouting,
    /// For this host.
    LocalIn,
    /// For another one.
    Forward,
    /// From this host.
    LocalOut,
    /// About to be sent.
    PostRouting,
}

/// A netfilter hook of the calling thread's network namespace.
///
/// # Kernel
/// Since 6.4.
///
/// # Examples
/// ```
/// use osmia::{Netfilter, NetfilterFamily, NetfilterHook};
///
/// let hook = Netfilter::new(NetfilterFamily::Ipv4, NetfilterHook::LocalIn).priority(-100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Netfilter {
    family: NetfilterFamily,
    hook: NetfilterHook,
    priority: i32,
    defragment: bool,
}

impl Netfilter {
    /// The hook of this family, with priority 0.
    pub fn new(family: NetfilterFamily, hook: NetfilterHook) -> Self {
        Self { family, hook, priority: 0, defragment: false }
    }

    /// The order among the hook's users: lower ones come first. The least and the greatest number are not allowed.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Lets the program see whole packets, not fragments; the priority must be above -400.
    ///
    /// # Kernel
    /// Since 6.6.
    #[must_use]
    pub fn defragment(mut self) -> Self {
        self.defragment = true;
        self
    }
}

/// Attaches a netfilter program.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, at: Netfilter) -> Result<Link, Error> {
    let place =
        format!("netfilter hook {:?} of {:?} with priority {}", at.hook, at.family, at.priority);
    let family = match at.family {
        NetfilterFamily::Ipv4 => 2,
        NetfilterFamily::Ipv6 => 10,
    };
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type: AttachType::NETFILTER,
        flags: 0,
        tail: LinkTail::Netfilter {
            family,
            hook: at.hook as u32,
            priority: at.priority,
            flags: if at.defragment { DEFRAGMENT } else { 0 },
        },
    });
    created.map(|link| Link::new(kernel, place.clone(), Held::Link(link))).map_err(|errno| {
        let attempt = format!("attach to {place}");
        let since = Release::new(6, 4);
        let lacking =
            attach_types::lacking(kernel, AttachType::NETFILTER, "netfilter programs", since);
        match (errno, lacking) {
            (Errno::INVAL, Some(lacking)) => lacking.caused_by(errno).during(attempt),
            (Errno::BUSY, _) => {
                let place = (family, at.hook as u32, at.priority);
                let who = Occupant::of_netfilter(kernel, place).words(kernel);
                let told = format!("another program has this priority{who}: choose another one");
                Error::new(ErrorKind::Busy, told).caused_by(errno).during(attempt)
            }
            (Errno::RANGE | Errno::INVAL, _) => Error::invalid(
                "the priority is out of range: with defragmentation it must be above -400",
            )
            .caused_by(errno)
            .during(attempt),
            _ => refused(kernel, &[Capability::NetAdmin], errno, attempt),
        }
    })
}
