//! `cargo xtask test`: everything that must hold before a change lands.

pub(crate) mod programs;
mod steps;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{report::Report, setup, vm};

/// Run everything that must hold before a change lands: format, lints, documentation, tests.
///
/// Tests that load or attach run as root only, and are counted as skipped otherwise.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
pub(crate) struct Test {
    /// Leave out the tests that need a kernel.
    #[arg(long, conflicts_with = "kernel")]
    pure: bool,
    /// Run the tests that need a kernel, and nothing else.
    #[arg(long)]
    kernel: bool,
    /// Leave out the kernel matrix.
    #[arg(long)]
    no_vm: bool,
    /// Run the kernel tests on every series of kernels that Debian has, and tests on other architectures, too.
    #[arg(long, conflicts_with_all = ["no_vm", "pure"])]
    all: bool,
    /// Run only tests whose names contain this, and no format, lint or documentation checks.
    #[arg(last = true)]
    filter: Option<String>,
}

impl Test {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut report = Report::new()?;
        report.step("set-up", setup::for_tests);
        // Before all tests: one of those that need no kernel of their own boots one of these.
        let matrix = (!self.pure && !self.no_vm).then(|| vm::usual_kernels(&mut report)).flatten();
        if !self.kernel && self.filter.is_none() {
            report.step("format", steps::format);
            report.step("lints", steps::lints);
            report.step("documentation", steps::documentation);
        }
        let filter = self.filter.as_deref();
        if let Some(programs) = report.step("build of the tests", programs::build) {
            if !self.kernel {
                programs
                    .pure
                    .iter()
                    .for_each(|program| programs::run(program, filter, &mut report));
                programs::run_documentation(filter, &mut report);
            }
            if !self.pure {
                programs
                    .kernel
                    .iter()
                    .for_each(|program| programs::run(program, filter, &mut report));
            }
        }
        if let Some(kernels) = matrix {
            vm::run_on(&kernels, filter, &mut report);
        }
        if self.all {
            vm::run_rest(filter, &mut report);
        }
        report.expect_tests(filter);
        report.finish()
    }
}
