//! `osmia prog verify`: what the verifier thinks of an object's programs.

mod figures;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::Kernel;
use osmia_object::ObjectSpec;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::kernel_options::KernelOptions;
use crate::near::no_such;
use crate::object_file::ObjectFile;
use crate::output::{Form, Output};
use crate::prog::verify::figures::Figures;
use crate::prog::verify::report::{Change, Comparison, Judged, VerifyReport};

/// The verifier's log holds its figures alone.
const FIGURES_ONLY: u32 = 4;

/// `E2BIG`.
const TOO_LARGE: i32 = 7;

// The arguments of `osmia prog verify`.
#[derive(Args)]
#[command(after_help = "Each program is loaded by itself and let go again; nothing is attached.
The exit code is 1 if the verifier refuses a program; with --compare, if it
refuses one that it took before.

Examples:
  osmia prog verify firewall.bpf.o
  osmia -j prog verify firewall.bpf.o > before.json
  osmia prog verify firewall.bpf.o --compare before.json
  osmia prog verify *.bpf.o --csv")]
pub struct Verify {
    /// BPF objects, or C files of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only this program; may be given several times
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,
    /// Also the programs that are loaded on demand only (their sections begin with ?)
    #[arg(long, short)]
    all: bool,
    /// Compare with what `-j` printed before
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Print comma-separated values
    #[arg(long)]
    csv: bool,
    /// Set a global variable before loading; structs and arrays as JSON
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::run::pair)]
    set: Vec<(String, String)>,
    /// Print the verifier's whole log of programs that it refuses
    #[arg(long)]
    verifier_log: bool,
    #[command(flatten)]
    kernel: KernelOptions,
    #[command(flatten)]
    compile: CompileOptions,
}

impl Verify {
    /// Has the programs judged.
    ///
    /// # Errors
    /// A file cannot be read, or the verifier refuses a program.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let before = self.compare.as_deref().map(read_before).transpose()?;
        let kernel = self.kernel.kernel()?;
        let mut judged = Vec::new();
        for file in &self.files {
            self.file(file, &kernel, &mut judged)?;
        }
        if judged.is_empty() {
            return Err(Failure::not_found(
                "there are no programs to verify; --all verifies those that are loaded on demand",
            ));
        }
        let refused: Vec<String> =
            judged.iter().filter(|row| !row.accepted()).map(|row| row.program.clone()).collect();
        let report = VerifyReport(judged);
        match before {
            Some(before) => {
                let comparison = Comparison::new(&before, &report);
                let worse: Vec<String> = comparison.of(Change::Worse).map(str::to_owned).collect();
                if self.csv {
                    Output::raw(comparison.csv().as_bytes())?;
                } else {
                    output.show(&comparison)?;
                }
                finish("the verifier refuses what it took before", &worse)
            }
            None => {
                if self.csv && output.form() == Form::Text {
                    Output::raw(report.csv().as_bytes())?;
                } else {
                    output.show(&report)?;
                }
                finish("the verifier refuses", &refused)
            }
        }
    }

    fn file(&self, path: &Path, kernel: &Kernel, judged: &mut Vec<Judged>) -> Result<(), Failure> {
        let mut spec = ObjectFile::open(path, &self.compile)?.spec;
        crate::run::set_variables(&mut spec, &self.set)?;
        for name in &self.program {
            if self.files.len() == 1 && !spec.programs.contains_key(name) {
                let names = spec.programs.keys().map(String::as_str);
                return Err(Failure::not_found(no_such("program", name, names)));
            }
        }
        let names: Vec<String> = spec
            .programs
            .iter()
            .filter(|(name, program)| match self.program.as_slice() {
                [] => self.all || program.autoload,
                wanted => wanted.contains(name),
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            judged.push(self.judge(path, &mut spec, &name, kernel));
        }
        Ok(())
    }

    /// Loads one program alone.
    fn judge(&self, path: &Path, spec: &mut ObjectSpec, name: &str, kernel: &Kernel) -> Judged {
        for (other, program) in &mut spec.programs {
            program.autoload = other == name;
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut judged = Judged::new(file, name);
        let load = |level| self.kernel.loader(kernel).verifier_log(level).load(spec);
        let loaded = load(FIGURES_ONLY).or_else(|error| match error.verifier() {
            // That would take the verifier as long again, to say no more than that it took too long.
            Some(refusal) if refusal.errno() == TOO_LARGE && !self.verifier_log => Err(error),
            // The whole log tells the line of C as well.
            Some(_) => load(1 | FIGURES_ONLY),
            None => Err(error),
        });
        let figures = loaded.and_then(|object| {
            let program = object.program(name)?;
            let info = program.info()?;
            let mut figures = Figures::read(program.verifier_log().unwrap_or_default());
            (figures.xlated, figures.jited) = (info.xlated_len / 8, info.jited_len);
            Ok(figures)
        });
        match figures {
            Ok(figures) => judged.figures = figures,
            Err(error) => {
                let log = error.verifier().map(osmia::VerifierError::log);
                judged.figures = Figures::read(log.unwrap_or_default());
                judged.refuse(Failure::from_error(&error).message());
                judged.log = log.filter(|_| self.verifier_log).map(str::to_owned);
            }
        }
        judged
    }
}

fn read_before(path: &Path) -> Result<VerifyReport, Failure> {
    let attempt = || format!("read {}", path.display());
    let text = fs::read(path).map_err(|error| Failure::because(attempt(), &error))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::because(
            format!("{}: it is not what `osmia -j prog verify` prints", attempt()),
            &error,
        )
    })
}

fn finish(what: &str, programs: &[String]) -> Result<(), Failure> {
    if programs.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{what}: {}", programs.join(", "))))
}
