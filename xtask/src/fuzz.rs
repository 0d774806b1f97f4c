//! `cargo xtask fuzz`: hostile bytes for the readers.

use std::{
    fs,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use osmia_testkit::tree;

use crate::{
    cargo::cargo,
    command::{self, say},
};

/// Feed the readers hostile bytes, with cargo-fuzz where it is installed.
///
/// Without cargo-fuzz and a nightly toolchain, the tests that damage the test programs in ten thousand ways run instead.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only these targets.
    targets: Vec<String>,
}

impl Fuzz {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let targets = self.chosen()?;
        if !can_fuzz() {
            say(
                "cargo-fuzz with a nightly toolchain is not installed: running the deterministic mutations instead",
            );
            let arguments = ["test", "--quiet", "--workspace", "--", "mutat"];
            command::run(cargo().args(arguments))?;
            return Ok(ExitCode::SUCCESS);
        }
        for target in &targets {
            say(&format!("-- {target}"));
            let mut fuzz = Command::new("cargo");
            fuzz.args(["+nightly", "fuzz", "run", target, "--"]);
            fuzz.arg(format!("-max_total_time={}", self.seconds)).current_dir(tree::root());
            command::run(&mut fuzz)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The targets to run: those asked for, or all.
    fn chosen(&self) -> Result<Vec<String>> {
        let all = all()?;
        for target in &self.targets {
            ensure!(all.contains(target), "no fuzz target {target}; there are: {}", all.join(", "));
        }
        Ok(if self.targets.is_empty() { all } else { self.targets.clone() })
    }
}

/// The fuzz targets, by their files.
fn all() -> Result<Vec<String>> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut targets = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        targets.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    targets.sort();
    Ok(targets)
}

fn can_fuzz() -> bool {
    let mut cargo = Command::new("cargo");
    let asked =
        cargo.args(["+nightly", "fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
