//! Programs that were loaded for their target: `tp_btf`, `fentry`, `fexit`, `fmod_ret`, LSM.

use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_sys::{Capability, Errno, LinkCreate, LinkTail, ProgFd, ProgInfoBufs};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::occupant::Occupant;
use crate::link::refused::refused;
use crate::link::{Held, Link};

/// Attaches a program to what it was loaded for.
///
/// `BPF_RAW_TRACEPOINT_OPEN` without a name does that on every kernel that has such programs.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, place: &str) -> Result<Link, Error> {
    match kernel.bpf().raw_tracepoint_open(prog, None, 0) {
        Ok(link) => Ok(Link::new(kernel, place, Held::Link(link))),
        Err(errno) => {
            let error = match errno {
                Errno::NOENT => Error::invalid(
                    "before Linux 5.13, a program that was attached once must be loaded anew to be attached again",
                )
                .caused_by(errno)
                .during(format!("attach to {place}")),
                Errno::BUSY => {
                    let id = kernel
                        .bpf()
                        .prog_info(prog, &mut ProgInfoBufs::default())
                        .map_or(0, |info| info.id);
                    let who = Occupant::of_tracing(kernel, id).words(kernel);
                    let told = format!("the program is attached there already{who}, or its function is taken");
                    Error::new(ErrorKind::Busy, told).caused_by(errno).during(format!("attach to {place}"))
                }
                _ => refused(kernel, &[Capability::Perfmon], errno, format!("attach to {place}")),
            };
            Err(error)
        }
    }
}

/// The same with a cookie.
pub(crate) fn attach_with_cookie(
    kernel: &Kernel,
    prog: &ProgFd,
    attach_type: AttachType,
    place: &str,
    cookie: u64,
) -> Result<Link, Error> {
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type,
        flags: 0,
        tail: LinkTail::Tracing { target_btf_id: 0, cookie },
    });
    created.map(|link| Link::new(kernel, place, Held::Link(link))).map_err(|errno| {
        let attempt = format!("attach to {place}");
        if !matches!(errno, Errno::INVAL | Errno::TOOBIG) {
            return refused(kernel, &[Capability::Perfmon], errno, attempt);
        }
        let since = Release::new(5, 19);
        let kind = ErrorKind::Unsupported { feature: "cookies of tracing programs", since };
        let message = format!("this kernel has no cookies of tracing programs (since {since})");
        Error::new(kind, message).caused_by(errno).during(attempt)
    })
}
