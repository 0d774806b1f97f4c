//! Installing Debian packages.

use std::{fs, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{
    command,
    setup::{missing, need::Need},
};

/// Installs what is missing; an error that says what to install if that cannot be done here.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if command::find("apt-get").is_none() {
        bail!("missing here, by their names in Debian: {list}\ninstall them and try again");
    }
    if !rustix::process::geteuid().is_root() {
        bail!("missing here: {list}\nas root, run: apt-get update && apt-get install {list}");
    }
    command::say(&format!("installing {list}"));
    update()?;
    get(&packages).with_context(|| format!("install {list}"))
}

/// Installs what is missing and can be had here; what stays missing is the tests' business, which count it.
pub(crate) fn install_if_possible(needs: &[Need]) -> Result<()> {
    let packages = missing(needs);
    let able = command::find("apt-get").is_some() && rustix::process::geteuid().is_root();
    if packages.is_empty() || !able {
        return Ok(());
    }
    if !has_lists() {
        update()?;
    }
    let packages: Vec<&str> = packages.into_iter().filter(|package| can_be_had(package)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    command::say(&format!("installing {}", packages.join(" ")));
    update()?;
    get(&packages)
}

/// Whether the machine has lists of packages; images for containers come without.
fn has_lists() -> bool {
    let Ok(entries) = fs::read_dir("/var/lib/apt/lists") else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

fn update() -> Result<()> {
    command::run(apt().args(["--quiet=2", "update"]))
}

fn get(packages: &[&str]) -> Result<()> {
    let mut apt = apt();
    apt.args(["--quiet=2", "--yes", "--no-install-recommends", "install"]).args(packages);
    // dpkg tells every step; it is only worth reading when one fails.
    command::output(&mut apt).map(drop)
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["--option", "DPkg::Lock::Timeout=300"]);
    apt
}

/// Whether the package is in the lists that were just fetched.
fn can_be_had(package: &str) -> bool {
    let shown = Command::new("apt-cache").args(["show", "--quiet=2", package]).output();
    shown.is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
}
