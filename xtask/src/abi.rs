//! `cargo xtask abi`: the kernel's ABI as Rust, from its BTF.

mod emit;
mod enums;
mod flags;
mod source;
mod structs;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use osmia_testkit::tree;

use crate::abi::source::Source;

/// Where the generated files lie.
const GENERATED: &str = "crates/osmia-abi/src/generated";

/// Generate the kernel's ABI as Rust from BTF.
#[derive(Args)]
pub(crate) struct Abi {
    /// BTF of a kernel; several are merged, and the newest comes last.
    #[arg(long = "btf", value_name = "FILE", default_value = "/sys/kernel/btf/vmlinux")]
    btf: Vec<PathBuf>,

    /// Write nothing, and fail if the files are not what would be written.
    #[arg(long)]
    check: bool,
}

impl Abi {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let sources = self.btf.iter().map(|path| Source::open(path)).collect::<Result<Vec<_>>>()?;
        let files = generate(&sources)?;
        let dir = tree::root().join(GENERATED);
        if self.check {
            check(&dir, &files)?;
            return Ok(ExitCode::SUCCESS);
        }
        for (name, text) in &files {
            let path = dir.join(name);
            refuse_losses(&path, text)?;
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        println!("{} files in {GENERATED}", files.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// All generated files, by name.
fn generate(sources: &[Source]) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for wanted in wanted::ENUMS {
        files.insert(format!("{}.rs", wanted.module()), enums::generate(wanted, sources)?);
    }
    for wanted in wanted::FILES {
        files.insert(format!("{}.rs", wanted.module), structs::generate(wanted, sources)?);
    }
    files.insert("flags.rs".to_owned(), flags::generate(wanted::FLAGS, sources)?);
    files.insert("mod.rs".to_owned(), emit::modules(files.keys()));
    Ok(files)
}

/// Refuses to replace a file by one that knows less: BTF of an older kernel alone would take away what newer ones have.
fn refuse_losses(path: &Path, text: &str) -> Result<()> {
    let Ok(old) = fs::read_to_string(path) else { return Ok(()) };
    let kept: BTreeSet<_> = facts(text).collect();
    let lost: Vec<_> = facts(&old).filter(|fact| !kept.contains(fact)).collect();
    ensure!(
        lost.is_empty(),
        "{} would lose `{}`: give the BTF of a newer kernel with a further --btf, or delete the file first",
        path.display(),
        lost.join("`, `"),
    );
    Ok(())
}

/// The constants and fields of a generated file, line by line.
fn facts(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.ends_with(';') && !line.contains(" pad") && !line.starts_with("use "))
}

fn check(dir: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let stale: Vec<_> = files
        .iter()
        .filter(|(name, text)| fs::read_to_string(dir.join(name)).ok().as_ref() != Some(text))
        .map(|(name, _)| name.as_str())
        .collect();
    if !stale.is_empty() {
        bail!("not what `cargo xtask abi` makes of this BTF: {} in {GENERATED}", stale.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::facts;

    #[test]
    fn padding_is_no_fact() {
        let text = "use x;\n    abi {\n  0 a: u32;\n  4 pad4: [u8; 4];\n /// c\n  A = 1;\n}";
        assert_eq!(facts(text).collect::<Vec<_>>(), ["0 a: u32;", "A = 1;"]);
    }
}
