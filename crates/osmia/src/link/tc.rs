//! Programs on the packets of a network interface.

use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Capability, Errno, LinkCreate, LinkTail, ProgFd, TcSide};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::order::Anchor;
use crate::link::refused::refused;
use crate::link::tc_filter::TcFilter;
use crate::link::xdp::interface;
use crate::link::{Held, Link, attach_types, tc_filter};

/// The packets that an interface receives or sends, and where in the order of its programs one runs.
///
/// # Kernel
/// Since 6.6 by a link. Kernels before that get a [`TcFilter`] with its defaults, unless an order is asked for.
///
/// # Examples
/// ```
/// use osmia::Tc;
///
/// let place = Tc::egress(3);
/// ```
#[derive(Clone, Debug)]
pub struct Tc {
    ifindex: u32,
    side: TcSide,
    anchor: Option<Anchor>,
    revision: u64,
}

impl Tc {
    /// The packets that the interface receives.
    pub fn ingress(ifindex: u32) -> Self {
        Self { ifindex, side: TcSide::Ingress, anchor: None, revision: 0 }
    }

    /// The packets that the interface sends.
    pub fn egress(ifindex: u32) -> Self {
        Self { ifindex, side: TcSide::Egress, anchor: None, revision: 0 }
    }

    /// Where among the others it runs; after all of them if nothing is said.
    #[must_use]
    pub fn at(mut self, anchor: Anchor) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// Attach only if the list of programs is in this revision, as a query told it.
    #[must_use]
    pub fn expect_revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    fn has_order(&self) -> bool {
        self.anchor.is_some() || self.revision != 0
    }
}

/// Attaches a tc program to an interface.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, name: &str, at: &Tc) -> Result<Link, Error> {
    let (word, attach_type) = match at.side {
        TcSide::Ingress => ("ingress", AttachType::TCX_INGRESS),
        TcSide::Egress => ("egress", AttachType::TCX_EGRESS),
    };
    let place = format!("tc {word} of interface {}", interface(at.ifindex));
    let attempt = format!("attach to {place}");
    let ordered = Ordered {
        place,
        ifindex: at.ifindex,
        attach_type,
        anchor: at.anchor.as_ref(),
        revision: at.revision,
    };
    let errno = match ordered.attach(kernel, prog)? {
        Ok(link) => return Ok(link),
        Err(errno) => errno,
    };
    let since = Release::new(6, 6);
    match attach_types::lacking(kernel, attach_type, "order of tc programs (tcx)", since) {
        // Without BTF the older way shows whether the kernel or the request was the cause.
        _ if errno == Errno::INVAL
            && !at.has_order()
            && attach_types::knows(kernel, attach_type) != Some(true) =>
        {
            tc_filter::attach(kernel, prog, name, &TcFilter::of_side(at.ifindex, at.side))
        }
        Some(lacking) if errno == Errno::INVAL => Err(lacking.during(attempt)),
        _ => Err(ordered_refusal(kernel, errno, attempt)),
    }
}

/// A place on an interface whose programs have an order.
pub(crate) struct Ordered<'a> {
    pub(crate) place: String,
    pub(crate) ifindex: u32,
    pub(crate) attach_type: AttachType,
    pub(crate) anchor: Option<&'a Anchor>,
    pub(crate) revision: u64,
}

impl Ordered<'_> {
    /// The link, or the kernel's refusal.
    pub(crate) fn attach(
        self,
        kernel: &Kernel,
        prog: &ProgFd,
    ) -> Result<Result<Link, Errno>, Error> {
        let position = self.anchor.map(Anchor::position).transpose()?;
        let create = LinkCreate {
            prog: prog.as_fd(),
            target: Some(AttachTarget::Ifindex(self.ifindex)),
            attach_type: self.attach_type,
            flags: 0,
            tail: LinkTail::Ordered { position, expected_revision: self.revision },
        };
        let created = kernel.bpf().link_create(&create);
        Ok(created.map(|link| Link::new(kernel, self.place, Held::Link(link))))
    }
}

/// Why a place with an order refused.
pub(crate) fn ordered_refusal(kernel: &Kernel, errno: Errno, attempt: String) -> Error {
    let (kind, told) = match errno {
        Errno::NODEV => {
            (ErrorKind::NotFound, "there is no such interface in this network namespace")
        }
        Errno::STALE => (
            ErrorKind::Busy,
            "the list of programs is in another revision than expected: query it again",
        ),
        Errno::NOENT => (
            ErrorKind::NotFound,
            "the program or link that it is to be placed by is not attached there",
        ),
        Errno::EXIST => (ErrorKind::Exists, "the program is attached there already"),
        Errno::RANGE => (ErrorKind::Full, "no more programs can be attached there"),
        _ => return refused(kernel, &[Capability::NetAdmin], errno, attempt),
    };
    Error::new(kind, told).caused_by(errno).during(attempt)
}
