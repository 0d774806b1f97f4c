//! `osmia check`: on which kernels an object would load.

mod banner;
mod reasons;
mod report;
mod target;

use std::path::PathBuf;

use clap::Args;
use osmia_check::{Verdict, check};

use crate::check::report::CheckReport;
use crate::check::target::Targets;
use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::object_file::ObjectFile;
use crate::output::Output;

/// The arguments of `osmia check`.
#[derive(Args)]
#[command(
    after_help = "Nothing is loaded, and no privileges are needed: everything is told from the kernels' types (BTF),
their lists of program types, map types and helpers included. Code that a kernel's answers to
bpf_core_field_exists and the like keep from running is not held against a program.

  loads    nothing speaks against it; the verifier has the last word
  unsure   it depends on the kernel's configuration or symbols, which types do not tell
  no       it would not; the reason is below the table

Exit codes: 0 all programs load everywhere, 1 something would not load, 2 wrong usage.

Examples:
  osmia check iov.bpf.o                                  on the running kernel
  osmia check iov.bpf.o --btf vmlinux-6.1 vmlinux-6.12   on two others
  osmia check iov.bpf.o --kernel running,6.1.0-32-amd64  on those installed here"
)]
pub struct Check {
    /// A BPF object, or the C file of one
    object: PathBuf,
    #[command(flatten)]
    targets: Targets,
}

impl Check {
    /// Checks the object.
    ///
    /// # Errors
    /// A file cannot be read; or something would not load, which is printed.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let file = ObjectFile::open(&self.object, &CompileOptions::default())?;
        let kernels = self.targets.open()?;
        let answers: Vec<_> = kernels.iter().map(|kernel| check(&file.spec, kernel)).collect();
        let worst = answers.iter().map(osmia_check::Answer::verdict).max();
        output.show(&CheckReport::new(&file, answers))?;
        match worst {
            Some(Verdict::Refused) => Err(Failure::Shown),
            _ => Ok(()),
        }
    }
}
