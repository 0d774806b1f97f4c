//! `cargo xtask setup`: what the demo and the tests need of a machine.

mod apt;
mod mounts;
pub(crate) mod need;
mod vmlinux;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::setup::need::Need;

/// Install and prepare what building, testing and trying Osmia needs: clang, headers, vmlinux.h, mounts.
///
/// Does nothing, in silence, where everything is there. Installing is done with apt, as root; elsewhere it says what is missing.
#[derive(Args)]
pub(crate) struct Setup {
    /// Install what the kernel matrix needs, too: QEMU and decompressors.
    #[arg(long)]
    vm: bool,
}

impl Setup {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        for_tests()?;
        if self.vm {
            for_machines()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prepares for compiling and loading programs.
pub(crate) fn for_programs() -> Result<()> {
    apt::install(need::PROGRAMS)?;
    mounts::mount_missing()?;
    vmlinux::make()
}

/// Prepares for the tests.
pub(crate) fn for_tests() -> Result<()> {
    for_programs()?;
    apt::install_if_possible(need::CLANGS)
}

/// Prepares for the kernel matrix.
pub(crate) fn for_machines() -> Result<()> {
    apt::install(need::MACHINES)
}

/// Prepares for tests on other architectures.
pub(crate) fn for_other_machines() -> Result<()> {
    apt::install(need::OTHER_MACHINES)
}

/// The packages of the needs that are not met.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.met()).map(|need| need.package).collect()
}
