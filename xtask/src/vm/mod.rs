//! `cargo xtask vm`: the kernel tests on other kernels.

pub(crate) mod arch;
mod emulated;
pub(crate) mod image;
pub(crate) mod kernel;
pub(crate) mod machine;
mod modules;
mod packages;
pub(crate) mod series;
mod toolchain;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    report::Report,
    setup,
    test::programs::KERNEL,
    vm::{
        arch::Arch, image::Image, kernel::Kernel, packages::Packages, series::Series,
        toolchain::Toolchain,
    },
};

/// What the matrix is called where things are counted.
const MATRIX: &str = "kernel matrix";

/// Run the kernel tests on other kernels, each in a small machine that QEMU emulates.
///
/// The kernels are Debian's, the newest of each series; they are fetched once and kept under Cargo's target directory. On
/// architectures other than this one the tests that need no kernel are run, too.
#[derive(Args)]
pub(crate) struct Vm {
    /// The series of kernels, such as 6.1; `newest` is the newest there is. On other architectures 6.12 unless given.
    #[arg(long, value_delimiter = ',')]
    kernel: Vec<Series>,
    /// The architectures.
    #[arg(long, value_delimiter = ',', default_value = "amd64")]
    arch: Vec<Arch>,
    /// Fetch newer kernels of the same series, if there are any.
    #[arg(long)]
    refresh: bool,
    /// Fetch the kernels and build the tests, and boot nothing.
    #[arg(long)]
    no_run: bool,
    /// Run only tests whose names, or whose programs' names, contain this. One that starts with `kernel_` is of programs'
    /// names, and nothing else is built.
    #[arg(last = true)]
    filter: Option<String>,
}

impl Vm {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut report = Report::new()?;
        report.step("set-up", setup::for_programs);
        let filter = self.filter.as_deref();
        for &arch in &self.arch {
            let usual = if arch == Arch::Amd64 { Series::usual() } else { Series::of_others() };
            let series = if self.kernel.is_empty() { &usual } else { &self.kernel };
            match arch {
                Arch::Amd64 => self.wish().run(series, &mut report),
                _ => self.wish().run_other(arch, series, &mut report),
            }
        }
        if !self.no_run {
            report.expect_tests(filter);
        }
        report.finish()
    }

    fn wish(&self) -> Wish<'_> {
        Wish { filter: self.filter.as_deref(), refresh: self.refresh, no_run: self.no_run }
    }
}

/// The newest kernel of each series that the tests are run on when nothing else is asked for; those that cannot be had are
/// counted as skipped.
pub(crate) fn usual_kernels(report: &mut Report) -> Option<Vec<Kernel>> {
    own_kernels(&Series::usual(), false, report)
}

/// Runs the kernel tests on these kernels.
pub(crate) fn run_on(kernels: &[Kernel], filter: Option<&str>, report: &mut Report) {
    Wish::of(filter).run_on(kernels, report);
}

/// Runs the kernel tests on what else Debian has.
pub(crate) fn run_rest(filter: Option<&str>, report: &mut Report) {
    let wish = Wish::of(filter);
    wish.run(&Series::rest(), report);
    for arch in Arch::OTHERS {
        wish.run_other(arch, &Series::of_others(), report);
    }
}

/// What is wanted of each kernel.
#[derive(Clone, Copy)]
struct Wish<'a> {
    filter: Option<&'a str>,
    refresh: bool,
    no_run: bool,
}

impl<'a> Wish<'a> {
    fn of(filter: Option<&'a str>) -> Self {
        Self { filter, refresh: false, no_run: false }
    }

    fn run(self, series: &[Series], report: &mut Report) {
        if let Some(kernels) = own_kernels(series, self.refresh, report) {
            self.run_on(&kernels, report);
        }
    }

    fn run_on(self, kernels: &[Kernel], report: &mut Report) {
        if kernels.is_empty() {
            return;
        }
        let image = report.step("tests for the matrix", || Image::build(self.filter));
        self.boot(kernels, image, report);
    }

    /// On another architecture: first what needs no kernel.
    fn run_other(self, arch: Arch, series: &[Series], report: &mut Report) {
        let able = unable(setup::for_other_machines).map_or(Ok(()), Err);
        let toolchain = able.and_then(|()| Toolchain::get(arch).map_err(|error| one_line(&error)));
        let toolchain = match toolchain {
            Ok(toolchain) => toolchain,
            Err(reason) => {
                report.leave_out(emulated::EMULATED, arch.debian(), &reason);
                leave_out(series, arch, &reason, report);
                return;
            }
        };
        if !self.filter.is_some_and(|filter| filter.starts_with(KERNEL)) {
            emulated::run(arch, &toolchain, self.filter, self.no_run, report);
        }
        let Some(kernels) =
            kernels(series, arch, self.refresh, report).filter(|kernels| !kernels.is_empty())
        else {
            return;
        };
        let step = format!("tests for kernels of {}", arch.debian());
        let image = report.step(&step, || Image::build_for(arch, &toolchain, self.filter));
        self.boot(&kernels, image, report);
    }

    fn boot(self, kernels: &[Kernel], image: Option<Image>, report: &mut Report) {
        if let (Some(image), false) = (image, self.no_run) {
            machine::run_all(kernels, &image, report);
        }
    }
}

fn leave_out(series: &[Series], arch: Arch, reason: &str, report: &mut Report) {
    for series in series {
        report.leave_out(MATRIX, &title(series, arch), reason);
    }
}

fn title(series: &Series, arch: Arch) -> String {
    match arch {
        Arch::Amd64 => format!("Linux {series}"),
        arch => format!("Linux {series} on {}", arch.debian()),
    }
}

/// Why the matrix cannot be run here, if it cannot.
fn unable(setup: impl FnOnce() -> Result<()>) -> Option<String> {
    if std::env::consts::ARCH != "x86_64" {
        return Some("the kernel matrix is for x86-64 machines".to_owned());
    }
    setup().err().map(|error| one_line(&error))
}

/// As [`kernels`] has it, on this machine's own architecture, once what booting them takes is installed.
fn own_kernels(series: &[Series], refresh: bool, report: &mut Report) -> Option<Vec<Kernel>> {
    if let Some(reason) = unable(setup::for_machines) {
        leave_out(series, Arch::Amd64, &reason, report);
        return None;
    }
    kernels(series, Arch::Amd64, refresh, report)
}

/// The kernels of the series that can be had; the others are counted as skipped. `None` if making one failed.
fn kernels(
    series: &[Series],
    arch: Arch,
    refresh: bool,
    report: &mut Report,
) -> Option<Vec<Kernel>> {
    let step = format!("kernels for {}", arch.debian());
    let found = report.step(&step, || found(series, arch, refresh))?;
    let mut kernels = Vec::new();
    for kernel in found {
        match kernel {
            Ok(kernel) => kernels.push(kernel),
            Err((series, reason)) => report.leave_out(MATRIX, &title(&series, arch), &reason),
        }
    }
    Some(kernels)
}

/// The kernels of the series, or why there is none.
pub(crate) type Kernels = Vec<Result<Kernel, (Series, String)>>;

pub(crate) fn found(series: &[Series], arch: Arch, refresh: bool) -> Result<Kernels> {
    let kept = |series: &Series| Kernel::kept(series, arch).filter(|_| !refresh);
    // Debian's lists are fetched only if a kernel is missing, and a machine without its mirrors can use what it has.
    let wanting = series.iter().any(|series| kept(series).is_none());
    let packages = wanting.then(|| fetch(arch).map_err(|error| one_line(&error)));
    let kernel = |series: &Series| match (kept(series), &packages) {
        (Some(kernel), _) => Ok(Ok(kernel)),
        (None, Some(Ok(packages))) => match packages.newest(series) {
            Some(release) => Ok(Kernel::prepare(series, arch, release, packages)?
                .map_err(|unfetched| (series.clone(), one_line(&unfetched.0)))),
            None => Ok(Err((series.clone(), packages.absent(series)))),
        },
        (None, Some(Err(reason))) => Ok(Err((series.clone(), reason.clone()))),
        (None, None) => Ok(Err((series.clone(), "it was not kept".to_owned()))),
    };
    series.iter().map(kernel).collect()
}

fn fetch(arch: Arch) -> Result<Packages> {
    let folder = if arch == Arch::Amd64 { "apt" } else { arch.debian() };
    Packages::fetch(folder, &[arch], &packages::KERNELS).context("Debian's kernels")
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', "; ")
}
