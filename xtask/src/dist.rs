//! `cargo xtask dist`: the command as it is shipped.

mod debian;

use std::{
    env::consts::ARCH,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use object::{
    elf::{FileHeader64, PT_INTERP},
    endian::Endianness,
    read::elf::{ElfFile, ProgramHeader as _},
};
use osmia_testkit::tree;

use crate::{
    cargo::{self, cargo},
    command::{output, run, say},
};

/// A shipped command is smaller than this.
const LIMIT: u64 = 8_000_000;

/// Build the command as it is shipped: one static program and a Debian package, which is installed and used in a
/// clean system.
#[derive(Args)]
pub(crate) struct Dist {
    /// Do not install the package in a clean system, which takes Debian's packages from the network
    #[arg(long)]
    no_install: bool,
}

impl Dist {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let program = build()?;
        let size = fs::metadata(&program)?.len();
        ensure!(size < LIMIT, "{} has {size} bytes, not below {LIMIT}", program.display());
        ensure!(!needs_libraries(&program)?, "{} is not static", program.display());
        // Of what lies below `target`, cargo-deb believes that Cargo is to build it.
        let folder = tree::root().join("dist");
        lay_out(&program, &folder)?;
        say(&format!("{}: {size} bytes, static", program.display()));
        let package = debian::package(&folder)?;
        say(&format!("{}: {} bytes", package.display(), fs::metadata(&package)?.len()));
        if !self.no_install {
            debian::try_out(&package)?;
            say("installed, used and removed in a clean system");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Builds with musl, or where Rust has none for this machine, with the C library in the program.
fn build() -> Result<PathBuf> {
    let musl = format!("{ARCH}-unknown-linux-musl");
    let mut build = cargo();
    build.args(["build", "--profile", "dist", "--package", "osmia-cli", "--target"]);
    if has_target(&musl)? {
        build.arg(&musl);
    } else {
        say(&format!(
            "Rust has no {musl} here (`rustup target add {musl}` gets it): linked with this system's C library instead, \
             which goes into the program and wants it again at run time where users are looked up"
        ));
        build.arg(format!("{ARCH}-unknown-linux-gnu"));
        build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    }
    let programs = cargo::build(&mut build)?;
    let program = programs.into_iter().find(|program| program.name == "osmia");
    Ok(program.context("Cargo built no program called osmia")?.path)
}

fn has_target(target: &str) -> Result<bool> {
    let told =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))?;
    Ok(Path::new(String::from_utf8_lossy(&told).trim()).is_dir())
}

/// Whether a program names a loader of libraries.
fn needs_libraries(program: &Path) -> Result<bool> {
    let bytes = fs::read(program)?;
    let file = ElfFile::<FileHeader64<Endianness>>::parse(bytes.as_slice())?;
    let endian = file.endian();
    Ok(file.elf_program_headers().iter().any(|header| header.p_type(endian) == PT_INTERP))
}

/// The program, its pages and its completions, as they come into a package.
fn lay_out(program: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let man = folder.join("man");
    fs::create_dir_all(&man)?;
    let own = folder.join("osmia");
    fs::copy(program, &own)?;
    run(Command::new(&own).arg("man").arg(&man))?;
    for (shell, file) in [("bash", "osmia.bash"), ("zsh", "_osmia"), ("fish", "osmia.fish")] {
        let script = output(Command::new(&own).args(["completions", shell]))?;
        if script.is_empty() {
            bail!("there are no completions for {shell}");
        }
        fs::write(folder.join(file), script)?;
    }
    Ok(())
}
