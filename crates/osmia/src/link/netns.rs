//! Programs of a network namespace: socket look-ups and the flow dissector.

use std::os::fd::{AsFd as _, BorrowedFd};

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Capability, Errno, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::{Held, Link};

/// Attaches a program to a network namespace.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    attach_type: AttachType,
    netns: BorrowedFd<'_>,
) -> Result<Link, Error> {
    let place = format!("a network namespace as {attach_type}");
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: Some(AttachTarget::Fd(netns)),
        attach_type,
        flags: 0,
        tail: LinkTail::None,
    });
    created.map(|link| Link::new(kernel, place.clone(), Held::Link(link))).map_err(|errno| {
        let attempt = format!("attach to {place}");
        let (kind, told) = match errno {
            Errno::EXIST => (
                ErrorKind::Busy,
                "a flow dissector is set there, or in the initial namespace, where it serves all",
            ),
            Errno::INVAL => (
                ErrorKind::Invalid,
                "the descriptor is of no network namespace (/proc/PID/ns/net), or the kernel has no links for it, \
                 which came with Linux 5.8 for flow dissectors and 5.9 for socket look-ups",
            ),
            _ => return refused(kernel, &[Capability::NetAdmin], errno, attempt),
        };
        Error::new(kind, told).caused_by(errno).during(attempt)
    })
}
