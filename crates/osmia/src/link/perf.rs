//! Programs on perf events: tracepoints, kprobes, uprobes, samples.

use std::os::fd::{AsFd as _, OwnedFd};

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Errno, LinkCreate, LinkFd, LinkTail, PerfFd, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::link::refused::refused;
use osmia_sys::Capability;

/// A perf event that runs a program.
#[derive(Debug)]
pub(crate) enum PerfAttachment {
    /// By a link, which holds the event itself.
    Link(LinkFd),
    /// By the event alone: closing it detaches.
    Event(PerfFd),
}

impl PerfAttachment {
    pub(crate) fn link(&self) -> Option<&LinkFd> {
        match self {
            Self::Link(link) => Some(link),
            Self::Event(_) => None,
        }
    }

    pub(crate) fn into_fd(self) -> OwnedFd {
        match self {
            Self::Link(link) => link.into_fd(),
            Self::Event(event) => event.into_fd(),
        }
    }
}

/// Lets the event run the program.
///
/// A link is tried first. Kernels before 5.15 have none for perf events and are asked the older
/// way, which knows no cookies.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    event: PerfFd,
    cookie: Option<u64>,
) -> Result<PerfAttachment, Error> {
    if !kernel.known_features().known_to_lack(Feature::PerfEventLinks) {
        let create = LinkCreate {
            prog: prog.as_fd(),
            target: Some(AttachTarget::Fd(event.as_fd())),
            attach_type: AttachType::PERF_EVENT,
            flags: 0,
            tail: LinkTail::PerfEvent { cookie: cookie.unwrap_or(0) },
        };
        let refusal = match kernel.bpf().link_create(&create) {
            Ok(link) => {
                enable(kernel, &event)?;
                return Ok(PerfAttachment::Link(link));
            }
            Err(errno) => errno,
        };
        if refusal != Errno::INVAL
            || !kernel.known_features().lacks(kernel.bpf(), Feature::PerfEventLinks)
        {
            return Err(failed(kernel, refusal));
        }
    }
    if cookie.is_some() {
        let message = "this kernel has no cookies for perf events";
        return Err(Error::new(Feature::PerfEventLinks.lacking(), message));
    }
    event.set_bpf(prog).map_err(|errno| failed(kernel, errno))?;
    enable(kernel, &event)?;
    Ok(PerfAttachment::Event(event))
}

fn enable(kernel: &Kernel, event: &PerfFd) -> Result<(), Error> {
    event.enable().map_err(|errno| failed(kernel, errno))
}

fn failed(kernel: &Kernel, errno: Errno) -> Error {
    let needed = [Capability::Perfmon, Capability::Bpf];
    refused(kernel, &needed, errno, "let the perf event run the program")
}
