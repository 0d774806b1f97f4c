//! The program that loads objects with either library.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use osmia_testkit::{guard::bpffs::Bpffs, tree};

use crate::{
    command::{self, End},
    corpus::told::Told,
    vm::{arch::Arch, image::STATIC},
};

/// What is asked of it.
pub(crate) struct Question {
    /// Each program alone as well.
    pub(crate) each: bool,
    /// How many seconds a verdict may take.
    pub(crate) limit: u64,
    /// How long all of it may take.
    pub(crate) time: Duration,
}

impl Question {
    /// Its words, before the objects' paths.
    pub(crate) fn words(&self, pins: &Path) -> Vec<String> {
        let range = if self.each { "each" } else { "whole" };
        vec![range.to_owned(), pins.to_string_lossy().into_owned(), self.limit.to_string()]
    }

    /// Asks on the running kernel.
    pub(crate) fn ask_here(
        &self,
        program: &Path,
        objects: &[&PathBuf],
        told: &mut Told,
    ) -> Result<()> {
        let pins = Bpffs::new();
        let mut command = Command::new(program);
        command.args(self.words(pins.path())).args(objects);
        match command::watch(&mut command, self.time, |line| told.hear(line))? {
            End::Exited(status) => ensure!(status.success(), "the loader: {status}"),
            End::TimedOut => {}
        }
        Ok(())
    }
}

/// Builds it, where it can be without any need of libraries, so that it runs on other kernels as well.
pub(crate) fn build() -> Result<PathBuf> {
    let bench = tree::root().join("bench");
    let mut cargo = Command::new("cargo");
    // Nothing is measured with it, and it is to be built soon.
    for setting in ["lto='off'", "codegen-units=16", "opt-level=1"] {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    cargo.args(["build", "--release", "-p", "verdict"]).current_dir(&bench);
    let mut place = bench.join("target");
    if env::consts::ARCH == "x86_64" {
        let target = Arch::Amd64.target();
        cargo.args(["--target", &target]).env("RUSTFLAGS", STATIC);
        place.push(target);
    }
    command::run(&mut cargo)
        .context("`verdict` does not build (libbpf-rs needs libelf-dev and zlib1g-dev)")?;
    Ok(place.join("release/verdict"))
}
