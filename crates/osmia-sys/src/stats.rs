//! Run-time statistics.
#![allow(unsafe_code)]

use std::os::fd::OwnedFd;

use osmia_abi::{Cmd, EnableStatsAttr, StatsType};
use rustix::io::Errno;

use crate::bpf::Bpf;

/// Statistics.
impl Bpf {
    /// `BPF_ENABLE_STATS`: lets the kernel count, until the descriptor is closed.
    ///
    /// # Kernel
    ///
    /// Since 5.8.
    ///
    /// # Errors
    ///
    /// `EPERM` without `CAP_SYS_ADMIN`.
    pub fn enable_stats(&self, stats: StatsType) -> Result<OwnedFd, Errno> {
        let mut attr = EnableStatsAttr { type_: stats };
        // SAFETY: there are no pointers, and a descriptor comes back.
        unsafe { self.call_fd(Cmd::ENABLE_STATS, &mut attr, size_of::<EnableStatsAttr>(), &[]) }
    }
}
