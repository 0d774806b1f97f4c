//! `cargo xtask bench`: how fast it is, beside its peers.

use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};
use clap::Args;
use osmia_testkit::tree;

use crate::{command, setup};

/// Measure Osmia beside its peers.
#[derive(Args)]
pub(crate) struct Bench {
    /// Arguments for the bench program.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let manifest = tree::root().join("bench/Cargo.toml");
        ensure!(manifest.is_file(), "{} is not there: nothing to measure with", manifest.display());
        setup::for_programs()?;
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--release", "--manifest-path"]).arg(manifest).arg("--");
        command::run(cargo.args(&self.arguments))?;
        Ok(ExitCode::SUCCESS)
    }
}
