//! What every machine of the matrix finds in its first file system: the tests, and all they need.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use osmia_testkit::fixture::{Endian, Fixture, UNMADE, Unmade};
use osmia_testkit::marks::Marks;
use osmia_vm::Cpio;

use crate::{
    cargo::{self, Program, cargo},
    command::say,
    test::programs::KERNEL,
    vm::{arch::Arch, kernel::Kernel, toolchain::Toolchain},
};

/// What parses a kernel's types, which takes minutes in these machines unless it is optimised.
const OPTIMISED: [&str; 2] = ["memchr", "osmia-btf"];

/// The crates whose kernel tests are run on other architectures.
const LOADING: [&str; 4] = ["osmia", "osmia-btf", "osmia-sys", "osmia-testkit"];

/// What tests need that is not in by itself.
const FEATURES: &str = "osmia/tokio,osmia/symbolize";

/// Which program is the machines' first process, in Cargo's words.
const INIT: [&str; 4] = ["--package", "osmia-testkit", "--bin", "osmia-init"];

/// The flags of programs that need no libraries.
pub(crate) const STATIC: &str = "-C target-feature=+crt-static";

/// A fixture's file name and contents.
type Packed = (String, Vec<u8>);

/// The tests, packed.
pub(crate) struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Builds the kernel tests, without any need of libraries, and the objects that they load.
    pub(crate) fn build(filter: Option<&str>) -> Result<Self> {
        let mut programs = programs(filter)?;
        if !has_init(&programs) {
            programs.extend(first_process()?);
        }
        let mut fixtures = fixtures(Arch::Amd64)?;
        fixtures.extend(Marks::to_pack(|_| {}).into_iter().flatten());
        Self::pack(&programs, &fixtures, filter)
    }

    /// The same for another architecture, with the tests of the crates that load and attach.
    pub(crate) fn build_for(
        arch: Arch,
        toolchain: &Toolchain,
        filter: Option<&str>,
    ) -> Result<Self> {
        let mut cargo = toolchain.cargo(&["test", "--no-run"]);
        cargo.args(LOADING.iter().flat_map(|name| ["--package", name])).args([
            "--features",
            FEATURES,
            "--test",
            &wanted(filter),
        ]);
        let mut programs = cargo::build(optimised(&mut cargo))?;
        if !has_init(&programs) {
            let mut build = toolchain.cargo(&["build"]);
            build.args(INIT);
            programs.extend(cargo::build(optimised(&mut build))?);
        }
        let mut fixtures = fixtures(arch)?;
        if arch == Arch::Arm64 {
            let marks = Marks::to_pack(|clang| toolchain.link_with(clang));
            fixtures.extend(marks.into_iter().flatten());
        }
        Self::pack(&programs, &fixtures, filter)
    }

    fn pack(programs: &[Program], fixtures: &[Packed], filter: Option<&str>) -> Result<Self> {
        let mut cpio = bare(programs)?;
        let mut list = String::new();
        for program in programs {
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
        for (name, contents) in fixtures {
            cpio.file(&format!("fixtures/{name}"), contents);
        }
        Ok(Self { bytes: cpio.finish() })
    }

    /// An image in which this program runs with these words and then the paths of these objects, which are in the folder
    /// `corpus`. It may take this long.
    pub(crate) fn with(
        program: &Path,
        words: &[String],
        objects: &[&PathBuf],
        limit: Duration,
    ) -> Result<Self> {
        let mut cpio = bare(&first_process()?)?;
        cpio.file("bin/program", &fs::read(program)?);
        cpio.file("tests/list", b"program\t/bin/program\n");
        cpio.file("tests/seconds", limit.as_secs().to_string().as_bytes());
        cpio.folder("corpus");
        let mut words = words.to_vec();
        for object in objects {
            let name = object.file_name().unwrap_or_default().to_string_lossy();
            cpio.file(&format!("corpus/{name}"), &fs::read(object)?);
            words.push(format!("/corpus/{name}"));
        }
        cpio.file("tests/filter", words.join("\n").as_bytes());
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
fn programs(filter: Option<&str>) -> Result<Vec<Program>> {
    let mut cargo = cargo();
    cargo
        .args(["test", "--quiet", "--workspace", "--no-run"])
        .args(["--features", FEATURES])
        .args(["--target", &Arch::Amd64.target(), "--test", &wanted(filter)])
        // Given a target, Cargo keeps these flags from build scripts and macros, which cannot be linked so.
        .env("RUSTFLAGS", STATIC)
        // Half the bytes to carry into each machine.
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo::build(optimised(&mut cargo))
}

/// Whether the first process was built along, as it is with the tests of its package.
fn has_init(programs: &[Program]) -> bool {
    programs.iter().any(|program| program.name == "osmia-init")
}

/// The first process alone.
fn first_process() -> Result<Vec<Program>> {
    let mut build = cargo();
    build.args(["build", "--quiet"]).args(INIT);
    build.args(["--target", &Arch::Amd64.target()]).env("RUSTFLAGS", STATIC);
    // As the tests are built, whose parts can be used.
    build.env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo::build(optimised(&mut build))
}

/// The test programs to build, as a pattern: the filter, if it is of programs' names.
fn wanted(filter: Option<&str>) -> String {
    match filter.filter(|filter| filter.starts_with(KERNEL)) {
        Some(filter) => format!("*{filter}*"),
        None => format!("{KERNEL}*"),
    }
}

fn optimised(cargo: &mut Command) -> &mut Command {
    let settings = OPTIMISED.map(|package| format!("profile.dev.package.{package}.opt-level=2"));
    cargo.args(settings.iter().flat_map(|setting| ["--config", setting]))
}

/// The objects of all fixtures that the sources declare. One whose clang is missing stays out, and the tests that ask for it
/// fail there. One that does not compile for another architecture is left out there with its reason.
fn fixtures(arch: Arch) -> Result<Vec<Packed>> {
    let mut packed = Vec::new();
    for fixture in Fixture::declared()? {
        let fixture = if arch == Arch::S390x { fixture.endian(Endian::Big) } else { fixture };
        let fixture = fixture.machine_of(arch.cpu());
        match fixture.made() {
            Ok(path) => packed.push((fixture.file_name(), fs::read(path)?)),
            Err(Unmade::NoTool(reason)) => say(&format!("   note: {reason}")),
            Err(Unmade::Failed(reason)) if arch == Arch::Amd64 => bail!("{reason}"),
            Err(Unmade::Failed(reason)) => {
                let first = reason.lines().find(|line| line.contains("error:"));
                let reason = format!(
                    "its source does not compile for {}: {}",
                    arch.debian(),
                    first.unwrap_or(&reason)
                );
                let name = Path::new(&fixture.file_name()).with_extension(UNMADE);
                packed.push((name.to_string_lossy().into_owned(), reason.into_bytes()));
            }
        }
    }
    Ok(packed)
}

/// A file system with the first process alone.
fn bare(programs: &[Program]) -> Result<Cpio> {
    let init = programs.iter().find(|program| program.name == "osmia-init");
    let init = fs::read(&init.context("Cargo built no osmia-init")?.path)?;
    let mut cpio = Cpio::default();
    // The kernel opens it for the first process before anything is mounted.
    cpio.device("dev/console", (5, 1));
    cpio.file("init", &init);
    cpio.file("bin/true", &init);
    cpio.file("bin/unshare", &init);
    Ok(cpio)
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn a_filter_of_programs_leaves_the_others_unbuilt() {
        assert_eq!(wanted(None), "kernel_*");
        assert_eq!(wanted(Some("ring_buffer")), "kernel_*");
        assert_eq!(wanted(Some("kernel_load")), "*kernel_load*");
    }
}
