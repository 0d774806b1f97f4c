//! `cargo xtask corpus`: other people's objects, loaded with libbpf and with Osmia.

mod carve;
mod compare;
mod loader;
mod matrix;
mod report;
mod told;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use clap::Args;
use osmia_testkit::tree;

use crate::{
    command::say,
    corpus::{compare::Comparison, loader::Question, report::Report, told::Told},
    vm::{self, arch::Arch, kernel::Kernel, series::Series},
};

/// Load every object in a folder with libbpf and with Osmia, and compare the verdicts.
///
/// Objects that stand in other files, such as in the programs of Debian's packages, are carved out;
/// packages (.deb) are unpacked. Everything is loaded into the running kernel as it is; nothing is
/// attached. With --kernel, they are loaded into other kernels, in the machines of `cargo xtask vm`. Exit code 1 if
/// something is rejected by Osmia alone, or if not all objects were loaded in time.
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
    /// Go on where the file of the report stops: what it has of these objects and kernels is kept and not asked for again.
    #[arg(long = "continue", requires = "report")]
    go_on: bool,
    /// How many seconds a loader has for one verdict.
    #[arg(long, default_value_t = 60)]
    limit: u64,
    /// Series of kernels, such as 6.1 or `newest`, instead of the running one.
    #[arg(long, value_delimiter = ',')]
    kernel: Vec<Series>,
    /// How many minutes each kernel has. What is not loaded by then is left out, and --continue can go on with it.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

/// Where objects are loaded: a kernel of the matrix, or the running one.
type Place = Option<Kernel>;

impl Corpus {
    /// Compares the verdicts and prints what differs.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let objects = carve::objects(&self.folder, &tree::target().join("osmia/corpus"))?;
        let wanted = |object: &&PathBuf| {
            let name = object.file_name().unwrap_or_default().to_string_lossy();
            self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
        };
        let mut objects: Vec<&PathBuf> = objects.iter().filter(wanted).collect();
        // What takes longest comes last: if the time is over, most is told.
        objects.sort_by_key(|object| fs::metadata(object).map_or(0, |data| data.len()));
        ensure!(!objects.is_empty(), "{}: no BPF objects in it", self.folder.display());
        say(&format!("{} objects", objects.len()));
        let mut report = Report::read(self.report.as_deref(), self.go_on)?;
        let program = loader::build()?;
        let mut all_well = true;
        for place in self.places()? {
            let release = place.as_ref().map(|kernel| kernel.release.as_str());
            if let Some(release) = release {
                say(&format!("-- Linux {release}"));
            }
            let mut comparison = report.take(release);
            let outcome = self.add_all(&mut comparison, &program, place.as_ref(), &objects);
            print!("{}", comparison.text());
            if let Err(error) = outcome {
                say(&format!("error: {error:#}"));
                all_well = false;
            }
            all_well &= !comparison.is_rejected_by_us_alone();
            report.add(&comparison, release)?;
        }
        Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn places(&self) -> Result<Vec<Place>> {
        if self.kernel.is_empty() {
            return Ok(vec![None]);
        }
        let kernels = vm::found(&self.kernel, Arch::Amd64, false)?.into_iter();
        let kernels = kernels.map(|kernel| kernel.map(Some));
        kernels.map(|one| one.map_err(|(series, why)| anyhow!("Linux {series}: {why}"))).collect()
    }

    /// Adds the verdicts that are not there; an error if not all could be had.
    fn add_all(
        &self,
        comparison: &mut Comparison,
        program: &Path,
        place: Option<&Kernel>,
        objects: &[&PathBuf],
    ) -> Result<()> {
        let wanting = unknown(comparison, objects);
        if wanting.is_empty() {
            return Ok(());
        }
        let time = Duration::from_secs(60 * self.minutes);
        let question = Question { each: self.each, limit: self.limit, time };
        let mut told = Told::default();
        let outcome = match place {
            None => question.ask_here(program, &wanting, &mut told),
            Some(kernel) => matrix::ask(&question, program, kernel, &wanting, &mut told),
        };
        for (object, both) in told.done() {
            comparison.add(&object, both);
        }
        let left = unknown(comparison, objects).len();
        outcome?;
        ensure!(
            left == 0,
            "{left} of {} objects were not loaded within {} minutes",
            objects.len(),
            self.minutes
        );
        Ok(())
    }
}

/// The objects that have no verdict.
fn unknown<'a>(comparison: &Comparison, objects: &[&'a PathBuf]) -> Vec<&'a PathBuf> {
    let known: HashSet<&str> = comparison.objects();
    let name =
        |object: &PathBuf| object.file_name().unwrap_or_default().to_string_lossy().into_owned();
    objects.iter().copied().filter(|object| !known.contains(name(object).as_str())).collect()
}
