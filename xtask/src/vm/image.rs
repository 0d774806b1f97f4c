//! What every machine of the matrix finds in its first file system: the tests, and all they need.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use osmia_testkit::fixture::{Fixture, Unmade};
use osmia_vm::Cpio;

use crate::{
    cargo::{self, Program, cargo},
    command::say,
    test::programs::KERNEL,
    vm::kernel::Kernel,
};

/// The machines' kind, in Cargo's words.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What parses a kernel's types, which takes minutes in these machines unless it is optimised.
const OPTIMISED: [&str; 2] = ["memchr", "osmia-btf"];

/// The tests, packed.
pub(crate) struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Builds the kernel tests, without any need of libraries, and the objects that they load.
    pub(crate) fn build(filter: Option<&str>) -> Result<Self> {
        let programs = programs()?;
        let init = programs.iter().find(|program| program.name == "osmia-init");
        let init = fs::read(&init.context("Cargo built no osmia-init")?.path)?;
        let mut cpio = Cpio::default();
        // The kernel opens it for the first process before anything is mounted.
        cpio.device("dev/console", (5, 1));
        cpio.file("init", &init);
        cpio.file("bin/true", &init);
        cpio.file("bin/unshare", &init);
        let mut list = String::new();
        for program in &programs {
            let path = program.path.to_string_lossy().trim_start_matches('/').to_owned();
            if program.name.starts_with(KERNEL) {
                list = format!("{list}{}\t/{path}\n", program.title());
            }
            // At the very path it has here: tests of programs know them by it.
            cpio.file(&path, &fs::read(&program.path)?);
        }
        cpio.file("tests/list", list.as_bytes());
        if let Some(filter) = filter {
            cpio.file("tests/filter", filter.as_bytes());
        }
        cpio.folder("fixtures");
        for path in fixtures()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            cpio.file(&format!("fixtures/{name}"), &fs::read(&path)?);
        }
        Ok(Self { bytes: cpio.finish() })
    }

    /// Writes a kernel's first file system: the kernel's own things and the tests.
    pub(crate) fn write_for(&self, kernel: &Kernel) -> Result<()> {
        let mut cpio = Cpio::default();
        cpio.folder("modules");
        for entry in fs::read_dir(kernel.modules())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            cpio.file(&format!("modules/{name}"), &fs::read(entry.path())?);
        }
        cpio.file(&format!("boot/config-{}", kernel.uname()), &fs::read(kernel.config())?);
        let mut bytes = cpio.finish();
        bytes.extend(&self.bytes);
        fs::write(kernel.initrd(), &bytes)?;
        Ok(())
    }
}

/// The test programs, and the programs that they are about.
fn programs() -> Result<Vec<Program>> {
    let mut cargo = cargo();
    let optimised = OPTIMISED.map(|package| format!("profile.dev.package.{package}.opt-level=2"));
    cargo
        .args(optimised.iter().flat_map(|setting| ["--config", setting]))
        .args([
            "test",
            "--quiet",
            "--workspace",
            "--features",
            "osmia/tokio,osmia/symbolize",
            "--no-run",
            "--target",
            TARGET,
        ])
        .args(["--test", &format!("{KERNEL}*")])
        // Given a target, Cargo keeps these flags from build scripts and macros, which cannot be linked so.
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        // Half the bytes to carry into each machine.
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo::build(&mut cargo)
}

/// The objects of all fixtures that the sources declare. One whose clang is missing stays out, and the tests that ask for it
/// fail there.
fn fixtures() -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for fixture in Fixture::declared()? {
        match fixture.made() {
            Ok(path) => paths.push(path),
            Err(Unmade::NoTool(reason)) => say(&format!("   note: {reason}")),
            Err(Unmade::Failed(reason)) => bail!("{reason}"),
        }
    }
    Ok(paths)
}
