//! Which capabilities a thread holds.

use osmia_sys::{Capabilities, Capability};

use crate::kernel::files::Files;

/// The effective capabilities of the calling thread; `None` where procfs does not tell.
pub(crate) fn held(files: &Files) -> Option<Capabilities> {
    Capabilities::from_status(&files.read("/proc/thread-self/status").ok()?)
}

/// Those of `needed` that are not held.
pub(crate) fn missing(held: Capabilities, needed: &[Capability]) -> Vec<Capability> {
    needed.iter().copied().filter(|&capability| !held.has(capability)).collect()
}
