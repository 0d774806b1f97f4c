//! Locked memory, which programs and maps count as before 5.11.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::kernel::Kernel;
use crate::kernel::feature::Feature;

/// Whether the limit was looked at.
#[derive(Debug, Default)]
pub(crate) struct Memlock {
    tried: AtomicBool,
}

impl Memlock {
    /// After `EPERM`: lifts the limit, unless the kernel is known to do without it. Answers
    /// whether the refused call is worth another try.
    pub(crate) fn lift(&self, kernel: &Kernel) -> bool {
        let bounded = osmia_sys::memlock().is_some();
        if !bounded || self.tried.swap(true, Ordering::Relaxed) {
            return false;
        }
        // With too low a limit the probe is refused as well, so that only a success counts.
        let charged =
            kernel.known_features().has(kernel.bpf(), Feature::MemcgAccounting) != Some(true);
        charged && osmia_sys::lift_memlock().is_ok()
    }

    /// The sentence about a limit that may be the cause of `EPERM`.
    pub(crate) fn suspicion(kernel: &Kernel) -> Option<String> {
        let limit = osmia_sys::memlock()?;
        kernel.known_features().lacks(kernel.bpf(), Feature::MemcgAccounting).then(|| {
            format!(
                "this kernel counts programs and maps as locked memory, of which {limit} bytes are \
                 allowed (ulimit -l), and lifting that limit takes CAP_SYS_RESOURCE"
            )
        })
    }
}
