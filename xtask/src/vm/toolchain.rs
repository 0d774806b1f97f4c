//! A Rust that compiles for other architectures: Debian's, unpacked into a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use osmia_testkit::tree;

use crate::{
    cargo::cargo,
    command::{self, say},
    vm::{
        arch::Arch,
        packages::{self, Packages, Suite},
    },
};

/// Debian 12 brings a newer Rust with its web browser, with libraries for all of its architectures.
const SUITES: [Suite; 1] = [Suite::plain("bookworm")];

/// A compiler and a linker for one architecture.
#[derive(Debug)]
pub(crate) struct Toolchain {
    arch: Arch,
    folder: PathBuf,
}

impl Toolchain {
    /// The kept toolchain, or a fetched one.
    pub(crate) fn get(arch: Arch) -> Result<Self> {
        let folder = tree::target().join("osmia/rust").join(arch.debian());
        let toolchain = Self { arch, folder };
        if !toolchain.folder.is_dir() {
            toolchain.fetch()?;
        }
        // It needs libraries of the machine's own; better to miss them here than in the middle of a build.
        let mut version = Command::new(toolchain.rustc());
        version.arg("-V").env("LD_LIBRARY_PATH", toolchain.libraries());
        command::output(&mut version)
            .context("Debian's rustc for other architectures needs the libraries of clang-19")?;
        Ok(toolchain)
    }

    fn fetch(&self) -> Result<()> {
        let arch = self.arch;
        say(&format!("   fetching a Rust for {}", arch.debian()));
        let all = Packages::fetch("rust", &[Arch::Amd64, arch], &SUITES)?;
        let names = all.names("libstd-rust-web-1.")?;
        let triplet = format!("{}-linux-gnu", arch.cpu());
        let wanted = ["rustc-web", "libstd-rust-web-dev"].map(str::to_owned).into_iter();
        let wanted = wanted.chain(names).chain([
            format!("libstd-rust-web-dev:{}", arch.debian()),
            format!("gcc-12-{triplet}"),
            format!("binutils-{triplet}"),
            format!("libgcc-12-dev-{}-cross", arch.debian()),
            format!("libgcc-s1-{}-cross", arch.debian()),
            format!("libc6-{}-cross", arch.debian()),
            format!("libc6-dev-{}-cross", arch.debian()),
        ]);
        let unfinished = self.folder.with_extension("unfinished");
        let fetched = unfinished.join("packages");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir_all(&fetched)?;
        all.fetch_into(&fetched, wanted)?;
        packages::unpack(&fetched, &unfinished)?;
        fs::remove_dir_all(&fetched)?;
        fs::rename(&unfinished, &self.folder).context("a Rust for other architectures")
    }

    /// Cargo with this command, compiling with this for the architecture; it keeps apart what it makes.
    pub(crate) fn cargo(&self, command: &[&str]) -> Command {
        let key = self.arch.target().replace('-', "_").to_uppercase();
        let gcc = format!("usr/bin/{}-linux-gnu-gcc-12", self.arch.cpu());
        let mut cargo = cargo();
        cargo
            .env("RUSTC", self.rustc())
            .env("LD_LIBRARY_PATH", self.libraries())
            .env(format!("CARGO_TARGET_{key}_LINKER"), self.folder.join(gcc))
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .args(command)
            .args(["--quiet", "--target", &self.arch.target()])
            .arg("--target-dir")
            .arg(tree::target().join("osmia/other"));
        cargo
    }

    /// Has clang make programs for the architecture.
    pub(crate) fn link_with(&self, clang: &mut Command) {
        let triplet = format!("{}-linux-gnu", self.arch.cpu());
        let linker = self.folder.join(format!("usr/bin/{triplet}-ld"));
        clang
            .arg(format!("--target={triplet}"))
            .arg(format!("--ld-path={}", linker.display()))
            .env("LD_LIBRARY_PATH", self.libraries());
    }

    fn rustc(&self) -> PathBuf {
        self.folder.join("usr/bin/rustc")
    }

    fn libraries(&self) -> PathBuf {
        self.folder.join(Path::new("usr/lib/x86_64-linux-gnu"))
    }
}
