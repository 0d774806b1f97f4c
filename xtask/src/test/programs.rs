//! Test programs: built once, run one by one.

use std::{process::Command, time::Duration};

use anyhow::Result;
use osmia_testkit::skip;

use crate::{
    cargo::{self, Program, cargo},
    command::{self, End},
    report::{Report, hearing::Hearing},
};

/// What the name of a test file starts with whose tests need a kernel.
pub(crate) const KERNEL: &str = "kernel_";

/// How long one test program may take.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The workspace's test programs.
pub(crate) struct Programs {
    /// Those that run anywhere.
    pub(crate) pure: Vec<Program>,
    /// Those that need a kernel.
    pub(crate) kernel: Vec<Program>,
}

pub(crate) fn build() -> Result<Programs> {
    let mut build = cargo();
    build.args([
        "test",
        "--quiet",
        "--workspace",
        "--features",
        "osmia/tokio,osmia/symbolize",
        "--no-run",
    ]);
    let programs = cargo::build(&mut build)?;
    // The programs under test are built, too, and lie beside the folder of the test programs.
    let tests = programs.into_iter().filter(|program| {
        program
            .path
            .parent()
            .and_then(|folder| folder.file_name())
            .is_some_and(|name| name == "deps")
    });
    let (kernel, pure) = tests.partition(|program| program.name.starts_with(KERNEL));
    Ok(Programs { pure, kernel })
}

/// Runs one test program as `cargo test` does.
pub(crate) fn run(program: &Program, filter: Option<&str>, report: &mut Report) {
    let mut command = Command::new(&program.path);
    command.current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder).args(filter);
    watch(&program.title(), &mut command, report);
}

/// Runs the examples in the documentation.
pub(crate) fn run_documentation(filter: Option<&str>, report: &mut Report) {
    let mut command = cargo();
    command.args([
        "test",
        "--workspace",
        "--features",
        "osmia/tokio,osmia/symbolize",
        "--no-fail-fast",
        "--doc",
    ]);
    watch("examples in the documentation", command.arg("--").args(filter), report);
}

fn watch(name: &str, command: &mut Command, report: &mut Report) {
    command.env(skip::STRICT, "1").env(skip::FILE, report.skip_file());
    let mut hearing = Hearing::new(name);
    let end = command::watch(command, LIMIT, |line| hearing.take(line));
    report.add(match end {
        Ok(End::Exited(status)) => hearing.ended(status.success(), &status.to_string()),
        Ok(End::TimedOut) => {
            hearing.broken(format!("not done after {} minutes", LIMIT.as_secs() / 60))
        }
        Err(error) => hearing.broken(format!("{error:#}")),
    });
}
