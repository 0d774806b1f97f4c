//! `cargo xtask vm`: the kernel tests on other kernels.

mod image;
mod kernel;
mod machine;
mod modules;
mod packages;
mod series;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    report::Report,
    setup,
    vm::{image::Image, kernel::Kernel, packages::Packages, series::Series},
};

/// What the matrix is called where things are counted.
const MATRIX: &str = "kernel matrix";

/// Run the kernel tests on other kernels, each in a small machine that QEMU emulates.
///
/// The kernels are Debian's, the newest of each series; they are fetched once and kept under Cargo's target directory.
#[derive(Args)]
pub(crate) struct Vm {
    /// The series of kernels, such as 6.1; `newest` is the newest there is.
    #[arg(long, value_delimiter = ',', default_value = "5.10,6.1,6.12,newest")]
    kernel: Vec<Series>,
    /// Fetch newer kernels of the same series, if there are any.
    #[arg(long)]
    refresh: bool,
    /// Run only tests whose names, or whose programs' names, contain this.
    #[arg(last = true)]
    filter: Option<String>,
}

impl Vm {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut report = Report::new()?;
        report.step("set-up", setup::for_programs);
        run(&self.kernel, self.refresh, self.filter.as_deref(), &mut report);
        report.expect_tests(self.filter.as_deref());
        report.finish()
    }
}

/// Runs the kernel tests on the newest kernel of each series that the tests are run on when nothing else is asked for.
pub(crate) fn run_usual(filter: Option<&str>, report: &mut Report) {
    run(&Series::usual(), false, filter, report);
}

fn run(series: &[Series], refresh: bool, filter: Option<&str>, report: &mut Report) {
    if let Some(reason) = unable() {
        for series in series {
            report.leave_out(MATRIX, &format!("Linux {series}"), &reason);
        }
        return;
    }
    let Some(kernels) = report.step("kernels for the matrix", || kernels(series, refresh)) else {
        return;
    };
    let Some(image) = report.step("tests for the matrix", || Image::build(filter)) else { return };
    for kernel in kernels {
        match kernel {
            Ok(kernel) => machine::run(&kernel, &image, report),
            Err((series, reason)) => report.leave_out(MATRIX, &format!("Linux {series}"), &reason),
        }
    }
}

/// Why the matrix cannot be run here, if it cannot.
fn unable() -> Option<String> {
    if std::env::consts::ARCH != "x86_64" {
        return Some("the kernel matrix is for x86-64 machines".to_owned());
    }
    setup::for_machines().err().map(|error| one_line(&error))
}

/// The kernels of the series, or why there is none.
type Kernels = Vec<Result<Kernel, (Series, String)>>;

fn kernels(series: &[Series], refresh: bool) -> Result<Kernels> {
    let kept = |series: &Series| Kernel::kept(series).filter(|_| !refresh);
    // Debian's lists are fetched only if a kernel is missing, and a machine without its mirrors can use what it has.
    let wanting = series.iter().any(|series| kept(series).is_none());
    let packages = wanting
        .then(|| Packages::fetch().context("Debian's kernels").map_err(|error| one_line(&error)));
    let kernel = |series: &Series| match (kept(series), &packages) {
        (Some(kernel), _) => Ok(Ok(kernel)),
        (None, Some(Ok(packages))) => match packages.newest(series) {
            Some(release) => Ok(Kernel::prepare(series, release, packages)?
                .map_err(|unfetched| (series.clone(), one_line(&unfetched.0)))),
            None => Ok(Err((series.clone(), "Debian has no such kernel, or no longer".to_owned()))),
        },
        (None, Some(Err(reason))) => Ok(Err((series.clone(), reason.clone()))),
        (None, None) => Ok(Err((series.clone(), "it was not kept".to_owned()))),
    };
    series.iter().map(kernel).collect()
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', "; ")
}
