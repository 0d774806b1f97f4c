//! Verdicts on other kernels.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use osmia_testkit::tree;
use osmia_vm::{End, Machine};
use serde_json::Value;

use crate::{
    command::{self, say},
    corpus::{
        compare::Comparison,
        verdict::{self, Verdict},
    },
    vm::{
        arch::Arch,
        image::{Image, STATIC},
        kernel::Kernel,
        machine::{MARK, words},
    },
};

/// The objects on a kernel: what either library said, by object.
type Told = BTreeMap<String, [Vec<Verdict>; 2]>;

/// Packs the objects and the program that loads them.
pub(crate) fn image(objects: &[&PathBuf]) -> Result<Image> {
    Image::with(&build()?, "/corpus", objects)
}

/// Boots the kernel and compares the verdicts.
pub(crate) fn compare(kernel: &Kernel, image: &Image, limit: Duration) -> Result<Comparison> {
    image.write_for(kernel)?;
    let machine = Machine {
        kernel: &kernel.vmlinux(),
        initrd: &kernel.initrd(),
        console: &kernel.console(),
        words: words(kernel),
        accelerated: false,
    };
    let (mut told, mut done) = (Told::new(), false);
    let end = machine.boot(limit, |line| match line.strip_prefix(MARK) {
        Some(mark) => done |= mark == "done",
        None => hear(line, &mut told),
    })?;
    match end {
        End::Exited(status) => ensure!(status.success() && done, "the machine stopped: {status}"),
        End::TimedOut => bail!("not done after {} minutes", limit.as_secs() / 60),
    }
    let mut comparison = Comparison::default();
    for (object, [libbpf, osmia]) in told {
        comparison.add(Path::new(&object), libbpf, osmia);
    }
    Ok(comparison)
}

fn hear(line: &str, told: &mut Told) {
    let Ok(value) = serde_json::from_str::<Value>(line) else { return };
    let text = |name| value.get(name).and_then(Value::as_str);
    let (Some(object), Some(library)) = (text("object"), text("library")) else { return };
    let [libbpf, osmia] = told.entry(object.to_owned()).or_default();
    let verdicts = if library == "libbpf" { libbpf } else { osmia };
    verdicts.extend(verdict::read(line));
    if library == "osmia" && told.len() % 20 == 0 {
        say(&format!("   {} objects", told.len()));
    }
}

/// The program that loads objects with either library, without any need of libraries.
fn build() -> Result<PathBuf> {
    let bench = tree::root().join("bench");
    let mut cargo = Command::new("cargo");
    let target = Arch::Amd64.target();
    cargo.args(["build", "--release", "-p", "verdict", "--target", &target]).current_dir(&bench);
    command::run(cargo.env("RUSTFLAGS", STATIC))
        .context("`verdict` does not build (libbpf-rs needs libelf-dev and zlib1g-dev)")?;
    Ok(bench.join("target").join(target).join("release/verdict"))
}
