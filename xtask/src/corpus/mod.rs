//! `cargo xtask corpus`: other people's objects, loaded with libbpf and with Osmia.

mod carve;
mod compare;
mod matrix;
mod verdict;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use osmia_testkit::{guard::bpffs::Bpffs, tree};

use crate::{
    command::{self, say},
    corpus::{compare::Comparison, verdict::Library},
    vm::{self, arch::Arch, series::Series},
};

/// Load every object in a folder with libbpf and with Osmia, and compare the verdicts.
///
/// Objects that stand in other files, such as in the programs of Debian's packages, are carved out;
/// packages (.deb) are unpacked. Everything is loaded into the running kernel as it is; nothing is
/// attached. With --kernel, they are loaded into other kernels, in the machines of `cargo xtask vm`. Exit code 1 if
/// something is rejected by Osmia alone.
#[derive(Args)]
pub(crate) struct Corpus {
    /// Where the objects are.
    folder: PathBuf,
    /// Load each program alone as well.
    #[arg(long)]
    each: bool,
    /// Only objects whose name contains this.
    #[arg(long)]
    filter: Option<String>,
    /// Write all verdicts and reasons to this file, a JSON object a line.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many seconds a loader has for one object.
    #[arg(long, default_value_t = 60)]
    limit: u64,
    /// Series of kernels, such as 6.1 or `newest`, instead of the running one.
    #[arg(long, value_delimiter = ',', conflicts_with = "each")]
    kernel: Vec<Series>,
    /// How many minutes a machine has for all objects.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

impl Corpus {
    /// Compares the verdicts and prints what differs.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let objects = carve::objects(&self.folder, &tree::target().join("osmia/corpus"))?;
        let wanted = |object: &&PathBuf| {
            let name = object.to_string_lossy();
            self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
        };
        let objects: Vec<&PathBuf> = objects.iter().filter(wanted).collect();
        ensure!(!objects.is_empty(), "{}: no BPF objects in it", self.folder.display());
        say(&format!("{} objects", objects.len()));
        let comparisons = match self.kernel.is_empty() {
            true => vec![(None, self.here(&objects)?)],
            false => self.elsewhere(&objects)?,
        };
        if let Some(report) = &self.report {
            let lines = comparisons.iter().map(|(kernel, one)| one.lines(kernel.as_deref()));
            fs::write(report, lines.collect::<String>())
                .with_context(|| report.display().to_string())?;
        }
        for (kernel, comparison) in &comparisons {
            if let Some(kernel) = kernel {
                say(&format!("-- Linux {kernel}"));
            }
            print!("{}", comparison.text());
        }
        let alone = comparisons.iter().any(|(_, one)| one.is_rejected_by_us_alone());
        Ok(if alone { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// On the running kernel.
    fn here(&self, objects: &[&PathBuf]) -> Result<Comparison> {
        let program = build()?;
        let mut comparison = Comparison::default();
        for object in objects {
            let verdicts = |library| self.verdicts(&program, library, object);
            comparison.add(object, verdicts(Library::Libbpf)?, verdicts(Library::Osmia)?);
        }
        Ok(comparison)
    }

    /// On other kernels, with their releases.
    fn elsewhere(&self, objects: &[&PathBuf]) -> Result<Vec<(Option<String>, Comparison)>> {
        let limit = Duration::from_secs(60 * self.minutes);
        let image = matrix::image(objects, limit)?;
        let mut comparisons = Vec::new();
        for kernel in vm::found(&self.kernel, Arch::Amd64, false)? {
            let kernel = kernel.map_err(|(series, why)| anyhow!("Linux {series}: {why}"))?;
            say(&format!("-- Linux {}", kernel.release));
            let comparison = matrix::compare(&kernel, &image, objects, limit)
                .with_context(|| format!("Linux {}", kernel.release))?;
            comparisons.push((Some(kernel.release), comparison));
        }
        Ok(comparisons)
    }

    fn verdicts(
        &self,
        program: &Path,
        library: Library,
        object: &Path,
    ) -> Result<Vec<verdict::Verdict>> {
        // What one object pins is not found by the next.
        let pins = Bpffs::new();
        verdict::ask(
            program,
            library,
            object,
            pins.path(),
            self.each,
            Duration::from_secs(self.limit),
        )
    }
}

/// The program that loads objects with either library.
fn build() -> Result<PathBuf> {
    let bench = tree::root().join("bench");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "-p", "verdict"]).current_dir(&bench);
    command::run(&mut cargo)
        .context("`verdict` does not build (libbpf-rs needs libelf-dev and zlib1g-dev)")?;
    Ok(bench.join("target/release/verdict"))
}
