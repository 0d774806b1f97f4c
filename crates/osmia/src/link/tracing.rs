//! Programs that were loaded for their target: `tp_btf`, `fentry`, `fexit`, `fmod_ret`, LSM.

use osmia_sys::ProgFd;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::{Held, Link};
use osmia_sys::Capability;

/// Attaches a program to what it was loaded for.
///
/// `BPF_RAW_TRACEPOINT_OPEN` without a name does that on every kernel that has such programs.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, place: &str) -> Result<Link, Error> {
    match kernel.bpf().raw_tracepoint_open(prog, None, 0) {
        Ok(link) => Ok(Link::new(kernel, place, Held::Link(link))),
        Err(errno) => {
            Err(refused(kernel, &[Capability::Perfmon], errno, format!("attach to {place}")))
        }
    }
}
