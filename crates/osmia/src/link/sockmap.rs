//! Programs on the sockets of a map: what they send and receive.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Bpf, Capability, Errno, ProgAttach, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::{Held, Link};
use crate::map::Map;

#[derive(Debug)]
struct Attached {
    bpf: Bpf,
    map: OwnedFd,
    attach_type: AttachType,
    prog: Option<ProgFd>,
}

impl Setting for Attached {
    fn undo(&mut self) -> Result<(), Errno> {
        let Some(prog) = self.prog.take() else { return Ok(()) };
        let request = request(self.map.as_fd(), self.attach_type);
        self.bpf.prog_detach(Some(prog.as_fd()), &request)
    }
}

fn request(map: BorrowedFd<'_>, attach_type: AttachType) -> ProgAttach<'_> {
    ProgAttach {
        target: AttachTarget::Fd(map),
        attach_type,
        flags: 0,
        replace: None,
        position: None,
        expected_revision: 0,
    }
}

/// Attaches a program to a map of sockets.
///
/// It is a setting on every kernel: links for it came with 6.10, and detach no better.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    attach_type: AttachType,
    map: &Map,
) -> Result<Link, Error> {
    let place = format!("the sockets of map `{}` as {attach_type}", map.name());
    let attempt = || format!("attach to {place}");
    let held = map
        .fd()?
        .try_clone_to_owned()
        .map_err(|error| Error::new(ErrorKind::System, attempt()).caused_by(error))?;
    let bpf = kernel.bpf().clone();
    let set = bpf.prog_attach(prog, &request(held.as_fd(), attach_type));
    set.and_then(|()| prog.try_clone())
        .map(|prog| {
            let attached = Attached { bpf, map: held, attach_type, prog: Some(prog) };
            Link::new(kernel, place.clone(), Held::Setting(OwnedSetting::new(attached)))
        })
        .map_err(|errno| match errno {
            Errno::INVAL | Errno::OPNOTSUPP => Error::invalid(format!(
                "map `{}` is of type {}; programs like this are for sockmap and sockhash",
                map.name(),
                map.map_type()
            ))
            .caused_by(errno)
            .during(attempt()),
            _ => refused(kernel, &[Capability::NetAdmin], errno, attempt()),
        })
}
