//! Programs on the packets of a netkit device, the pair of interfaces that runs programs instead of a wire.

use osmia_abi::AttachType;
use osmia_sys::{Errno, ProgFd};

use crate::error::Error;
use crate::error::kind::Release;
use crate::kernel::Kernel;
use crate::link::order::Anchor;
use crate::link::tc::{Ordered, ordered_refusal};
use crate::link::xdp::interface;
use crate::link::{Link, attach_types};

/// What one end of a netkit device sends.
///
/// # Kernel
/// Since 6.7, with `CONFIG_NETKIT`.
///
/// # Examples
/// ```
/// use osmia::{Anchor, Netkit};
///
/// let place = Netkit::peer(4).at(Anchor::first());
/// ```
#[derive(Clone, Debug)]
pub struct Netkit {
    ifindex: u32,
    attach_type: AttachType,
    anchor: Option<Anchor>,
    revision: u64,
}

impl Netkit {
    /// What the primary end sends; its index is the interface's.
    pub fn primary(ifindex: u32) -> Self {
        Self { ifindex, attach_type: AttachType::NETKIT_PRIMARY, anchor: None, revision: 0 }
    }

    /// What the other end sends; the index is the primary end's here too.
    pub fn peer(ifindex: u32) -> Self {
        Self { ifindex, attach_type: AttachType::NETKIT_PEER, anchor: None, revision: 0 }
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
}

/// Attaches a tc program to an end of a netkit device.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, at: &Netkit) -> Result<Link, Error> {
    let end = if at.attach_type == AttachType::NETKIT_PEER { "peer" } else { "primary" };
    let place = format!("netkit {end} of interface {}", interface(at.ifindex));
    let attempt = format!("attach to {place}");
    let ordered = Ordered {
        place,
        ifindex: at.ifindex,
        attach_type: at.attach_type,
        anchor: at.anchor.as_ref(),
        revision: at.revision,
    };
    ordered.attach(kernel, prog)?.map_err(|errno| {
        let since = Release::new(6, 7);
        match attach_types::lacking(kernel, at.attach_type, "netkit devices", since) {
            Some(lacking) => lacking.caused_by(errno).during(attempt),
            None if matches!(errno, Errno::INVAL | Errno::NXIO) => Error::invalid(
                "the interface is no netkit device, or not its primary end, or the kernel was built without CONFIG_NETKIT",
            )
            .caused_by(errno)
            .during(attempt),
            None => ordered_refusal(kernel, errno, attempt),
        }
    })
}
