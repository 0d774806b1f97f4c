//! The Debian package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use osmia_testkit::tree;

use crate::{
    cargo::cargo,
    command::{find, run},
};

/// The release that the package is tried in.
const SUITE: &str = "bookworm";

/// What is done with the package in a clean system: as root of a folder that the shell calls `$1`.
const TRIAL: [&str; 9] = [
    "chroot \"$1\" dpkg --install /osmia.deb",
    "chroot \"$1\" osmia version",
    "chroot \"$1\" osmia -j prog list >/dev/null",
    "chroot \"$1\" osmia btf show list_head",
    "test -s \"$1/usr/share/man/man1/osmia-prog-show.1.gz\"",
    "test -s \"$1/usr/share/bash-completion/completions/osmia\"",
    COMPLETION,
    "chroot \"$1\" dpkg --remove osmia",
    "test ! -e \"$1/usr/bin/osmia\"",
];

/// The package's completion completes a verb.
const COMPLETION: &str = "chroot \"$1\" bash -c '. /usr/share/bash-completion/completions/osmia; \
                          COMP_WORDS=(osmia map getn); COMP_CWORD=2; _osmia_objects osmia getn map; \
                          test \"$COMPREPLY\" = getnext'";

/// Makes the package of what lies in a folder.
pub(crate) fn package(folder: &Path) -> Result<PathBuf> {
    ensure!(
        find("cargo-deb").is_some(),
        "cargo-deb is not installed: `cargo install cargo-deb --locked` gets it"
    );
    let out = folder.join("package");
    fs::create_dir_all(&out)?;
    let mut deb = cargo();
    deb.args(["deb", "--package", "osmia-cli", "--no-build", "--no-strip", "--output"]).arg(&out);
    run(&mut deb)?;
    let mut files = fs::read_dir(&out)?.flatten().map(|entry| entry.path());
    files
        .find(|file| file.extension().is_some_and(|ext| ext == "deb"))
        .context("cargo-deb made no package")
}

/// Installs the package in a system that has nothing but what Debian calls essential, uses it, and removes it.
pub(crate) fn try_out(package: &Path) -> Result<()> {
    ensure!(
        find("mmdebstrap").is_some(),
        "mmdebstrap is not installed: `apt-get install mmdebstrap` gets it, and --no-install does without"
    );
    let mut system = Command::new("mmdebstrap");
    system.current_dir(tree::root()).args(["--quiet", "--variant=essential", "--format=null"]);
    system.arg(format!("--customize-hook=upload {} /osmia.deb", package.display()));
    system.args(TRIAL.map(|step| format!("--customize-hook={step}")));
    run(system.args([SUITE, "/dev/null"]))
}
