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

/// How long a machine takes before and after its program runs.
const BOOT: Duration = Duration::from_secs(5 * 60);

/// Packs the objects and the program that loads them.
pub(crate) fn image(objects: &[&PathBuf], limit: Duration) -> Result<Image> {
    Image::with(&build()?, "/corpus", objects, limit)
}

/// Boots the kernel and compares the verdicts.
pub(crate) fn compare(
    kernel: &Kernel,
    image: &Image,
    objects: &[&PathBuf],
    limit: Duration,
) -> Result<Comparison> {
    image.write_for(kernel)?;
    let machine = Machine {
        kernel: &kernel.vmlinux(),
        initrd: &kernel.initrd(),
        console: &kernel.console(),
        words: words(kernel),
        accelerated: false,
    };
    let (mut told, mut done, mut trouble) = (Told::new(), false, None);
    // The machine itself ends what takes too long, and says so.
    let end = machine.boot(limit + BOOT, |line| match line.strip_prefix(MARK) {
        Some("done") => done = true,
        Some(mark) => trouble = trouble.take().or_else(|| told_trouble(mark)),
        None => hear(line, &mut told),
    })?;
    match end {
        End::Exited(status) => ensure!(status.success() && done, "the machine stopped: {status}"),
        End::TimedOut => bail!("not done after {} minutes", limit.as_secs() / 60),
    }
    if let Some(trouble) = trouble {
        bail!("the program that loads the objects: {trouble}");
    }
    for object in objects {
        let name = object.file_name().unwrap_or_default().to_string_lossy();
        let verdicts = told.get(&*name);
        let both = verdicts.is_some_and(|both| both.iter().all(|verdicts| !verdicts.is_empty()));
        ensure!(both, "{name}: not both libraries told their verdict");
    }
    let mut comparison = Comparison::default();
    for (object, [libbpf, osmia]) in told {
        comparison.add(Path::new(&object), libbpf, osmia);
    }
    Ok(comparison)
}

/// What a mark tells of a program that did not end well.
fn told_trouble(mark: &str) -> Option<String> {
    match mark.split_once(' ')? {
        ("cut" | "broken", why) => Some(why.to_owned()),
        ("end", status) if status != "exit status: 0" => Some(status.to_owned()),
        _ => None,
    }
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
