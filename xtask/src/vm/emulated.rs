//! Tests that need no kernel, run for another architecture in a process that QEMU emulates.

use std::{process::Command, time::Duration};

use osmia_testkit::skip;

use crate::{
    cargo,
    command::{self, End},
    report::{Report, hearing::Hearing},
    test::programs::KERNEL,
    vm::{arch::Arch, one_line, toolchain::Toolchain},
};

/// The crates whose code is the same on every machine.
const CRATES: [&str; 5] = ["osmia-abi", "osmia-btf", "osmia-build", "osmia-insn", "osmia-object"];

/// How long one test program may take.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Where the clang of this machine, which tests call, finds the headers that programs for other architectures look for
/// in their own architecture's folder.
const HEADERS: &str = "/usr/include/x86_64-linux-gnu";

/// Tests of what an emulated process cannot see, and why.
const UNSEEN: [(&str, &str); 1] = [(
    "what_is_no_clang_is_said_so",
    "QEMU does not tell an emulated process that what it starts cannot be started",
)];

/// What these tests are called where things are counted.
pub(crate) const EMULATED: &str = "tests on other architectures";

/// Builds and runs them, or only builds them.
pub(crate) fn run(
    arch: Arch,
    toolchain: &Toolchain,
    filter: Option<&str>,
    no_run: bool,
    report: &mut Report,
) {
    let emulator = arch.emulator();
    if command::find(&emulator).is_none() {
        let reason = format!("{emulator} is not installed (Debian's qemu-user-static)");
        report.leave_out(EMULATED, arch.debian(), &reason);
        return;
    }
    let mut build = toolchain.cargo(&["test", "--no-run"]);
    build.args(["--lib", "--tests"]).args(CRATES.iter().flat_map(|name| ["--package", name]));
    let step = format!("tests for {}", arch.debian());
    let Some(programs) = report.step(&step, || cargo::build(&mut build)) else { return };
    if !no_run {
        for (test, reason) in UNSEEN {
            report.leave_out(EMULATED, &format!("{}: {test}", arch.debian()), reason);
        }
    }
    let unseen = UNSEEN.iter().flat_map(|(test, _)| ["--skip", test]);
    let programs = programs.iter().filter(|program| !program.name.starts_with(KERNEL));
    for program in programs.filter(|_| !no_run) {
        let mut run = Command::new(&emulator);
        run.arg(&program.path)
            .args(filter)
            .args(unseen.clone())
            .env("C_INCLUDE_PATH", HEADERS)
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env(skip::FILE, report.skip_file());
        let mut hearing = Hearing::new(&format!("{}: {}", arch.debian(), program.title()));
        let end = command::watch(&mut run, LIMIT, |line| hearing.take(line));
        report.add(match end {
            Ok(End::Exited(status)) => hearing.ended(status.success(), &status.to_string()),
            Ok(End::TimedOut) => {
                hearing.broken(format!("not done after {} minutes", LIMIT.as_secs() / 60))
            }
            Err(error) => hearing.broken(one_line(&error)),
        });
    }
}
