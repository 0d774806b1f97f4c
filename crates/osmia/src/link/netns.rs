//! Programs of a network namespace: socket look-ups and the flow dissector.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Capability, Errno, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::occupant::Occupant;
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
            Errno::EXIST | Errno::BUSY | Errno::TOOBIG => taken(kernel, attach_type, netns),
            Errno::INVAL => (
                ErrorKind::Invalid,
                "the descriptor is of no network namespace (/proc/PID/ns/net), or the kernel has no links for it, \
                 which came with Linux 5.8 for flow dissectors and 5.9 for socket look-ups"
                    .to_owned(),
            ),
            _ => return refused(kernel, &[Capability::NetAdmin], errno, attempt),
        };
        Error::new(kind, told).caused_by(errno).during(attempt)
    })
}

/// Why the namespace's place cannot be had: it is for one program, or for few.
fn taken(kernel: &Kernel, attach_type: AttachType, netns: BorrowedFd<'_>) -> (ErrorKind, String) {
    if attach_type == AttachType::SK_LOOKUP {
        return (ErrorKind::Full, "no more programs can be attached there".to_owned());
    }
    let who = Occupant::of_netns(kernel, inode(netns).unwrap_or(0), attach_type).words(kernel);
    let told = match who.as_str() {
        "" => "a flow dissector is set there, or in the initial namespace, where it serves all"
            .to_owned(),
        who => format!("another program is there already{who}"),
    };
    (ErrorKind::Busy, told)
}

fn inode(netns: BorrowedFd<'_>) -> Option<u32> {
    let file = File::from(netns.try_clone_to_owned().ok()?);
    u32::try_from(file.metadata().ok()?.ino()).ok()
}
