//! `osmia check`: on which kernels an object would load.

mod asked;
mod banner;
pub mod boot;
mod config;
mod modules;
mod progress;
mod reasons;
mod report;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use osmia_check::check;
use tempfile::TempDir;

use crate::check::asked::Asked;
use crate::check::boot::Boot;
use crate::check::progress::Progress;
use crate::check::report::CheckReport;
use crate::check::target::{Checked, Targets};
use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::object_file::ObjectFile;
use crate::output::Output;

// The arguments of `osmia check`.
#[derive(Args)]
#[command(
    after_help = "Nothing is loaded, and no privileges are needed: everything is told from the kernels' types (BTF), \
their lists of program types, map types and helpers included. Code that a kernel's answers to \
bpf_core_field_exists and the like keep from running is not held against a program.

  loads    nothing speaks against it; the verifier has the last word
  unsure   it depends on the kernel's configuration or symbols, which types do not tell
  no       it would not; the reason is below the table

Types of modules tell of their functions and structures. They are the running kernel's, those \
beside `vmlinux` in a directory (a copy of /sys/kernel/btf), or those of --module-btf.

With --boot the kernels are asked as well: each is booted in a small machine (QEMU; nothing of \
this one is seen there) and loads each program. What it says is what counts then. Modules that \
are given as .ko files are loaded there, and the kernel's options are read from the config or \
config-RELEASE beside its image.

Exit codes: 0 all programs load everywhere, 1 something would not load, 2 wrong usage.

Examples:
  osmia check iov.bpf.o                                  on the running kernel
  osmia check iov.bpf.o --btf vmlinux-6.1 vmlinux-6.12   on two others
  osmia check iov.bpf.o --kernel running,6.1.0-32-amd64  on those installed here
  osmia check ct.bpf.o --btf vmlinux-6.1 --module-btf nf_conntrack.ko
  osmia check iov.bpf.o --boot --kernel-image vmlinuz-5.10 vmlinuz-6.12"
)]
pub struct Check {
    /// A BPF object, or the C file of one
    object: PathBuf,
    #[command(flatten)]
    targets: Targets,
    /// Boot the kernels and have them load the object
    #[arg(long)]
    boot: bool,
    /// How long each machine may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "boot")]
    boot_limit: u64,
}

impl Check {
    /// Checks the object.
    ///
    /// # Errors
    /// A file cannot be read; a kernel does not boot; or something would not load, which is printed.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let file = ObjectFile::open(&self.object, &CompileOptions::default())?;
        let progress = Progress::new();
        let folder = TempDir::with_prefix("osmia-check-")
            .map_err(|error| Failure::because("make a directory for what is unpacked", &error))?;
        let kernels = self.targets.open(&folder, &progress)?;
        let limit = Duration::from_secs(self.boot_limit);
        let boot = match self.boot {
            true => Some(Boot::new(file.bytes.to_vec(), limit, &folder)?),
            false => None,
        };
        let mut asked = Vec::new();
        for (checked, number) in kernels.iter().zip(1_usize..) {
            let name = checked.kernel.name();
            progress.step(&format!("checking for {name} ({number} of {})", kernels.len()));
            asked.push(ask(&file, checked, boot.as_ref(), &progress)?);
        }
        drop(progress);
        let report = CheckReport::new(&file, asked);
        output.show(&report)?;
        match report.loads() {
            true => Ok(()),
            false => Err(Failure::Shown),
        }
    }
}

/// Asks a kernel's types, and the kernel itself if it is to be booted.
fn ask(
    file: &ObjectFile,
    checked: &Checked,
    boot: Option<&Boot<'_>>,
    progress: &Progress,
) -> Result<Asked, Failure> {
    let answer = check(&file.spec, &checked.kernel);
    let Some(boot) = boot else { return Ok(Asked { answer, booted: None }) };
    progress.step(&format!("booting {}", checked.kernel.name()));
    Ok(Asked { answer, booted: Some(boot.ask(checked)?) })
}
