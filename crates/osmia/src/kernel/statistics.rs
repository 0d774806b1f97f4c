//! How often and how long programs run.

use std::os::fd::OwnedFd;

use osmia_abi::StatsType;
use osmia_sys::{Capability, Errno};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::kernel::refusal::denied;

/// While this lives, the kernel counts how often programs run and how long:
/// [`ProgramInfo::run_count`](crate::ProgramInfo::run_count) and
/// [`ProgramInfo::run_time`](crate::ProgramInfo::run_time), of all programs.
///
/// Counting costs each run some tens of nanoseconds.
#[derive(Debug)]
#[must_use = "the kernel counts for as long as this lives"]
pub struct Statistics {
    _enabled: OwnedFd,
}

impl Kernel {
    /// Lets the kernel count the runs of all programs.
    ///
    /// # Kernel
    /// Since 5.8, with `CAP_SYS_ADMIN`. Before, `sysctl kernel.bpf_stats_enabled=1` does (since 5.1).
    ///
    /// # Errors
    /// `Permission`; `Unsupported`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn measure(program: &osmia::Program) -> Result<(), osmia::Error> {
    /// let kernel = osmia::Kernel::running()?;
    /// let counting = kernel.enable_stats()?;
    /// std::thread::sleep(std::time::Duration::from_secs(1));
    /// let info = program.info()?;
    /// println!("{} runs, {:?} altogether", info.run_count, info.run_time);
    /// # drop(counting);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_stats(&self) -> Result<Statistics, Error> {
        let enabled = self.bpf().enable_stats(StatsType::RUN_TIME).map_err(|errno| {
            let error = match errno {
                Errno::PERM => denied(self, &[Capability::SysAdmin], errno),
                Errno::INVAL => {
                    let kind = ErrorKind::Unsupported {
                        feature: "statistics by a descriptor",
                        since: Release::new(5, 8),
                    };
                    Error::new(kind, "this kernel has the sysctl kernel.bpf_stats_enabled instead")
                        .caused_by(errno)
                }
                _ => Error::new(ErrorKind::System, "the kernel refuses").caused_by(errno),
            };
            error.during("let the kernel count how often programs run")
        })?;
        Ok(Statistics { _enabled: enabled })
    }
}
