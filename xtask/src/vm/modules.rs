//! The modules that the tests need, and what they depend on.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use osmia_vm::image::decompress;

/// What tests attach to, and what they call functions of. A kernel may have one built in, or not at all.
const WANTED: [&str; 8] =
    ["veth", "dummy", "sch_ingress", "cls_bpf", "act_bpf", "netkit", "tun", "nf_conntrack"];

/// Copies the wanted modules, and those that they depend on, into a folder, named so that their order by name is one they
/// can be loaded in.
pub(crate) fn select(files: &[PathBuf], folder: &Path) -> Result<()> {
    let all: BTreeMap<String, &PathBuf> =
        files.iter().filter_map(|file| Some((name(file)?, file))).collect();
    fs::create_dir_all(folder)?;
    let mut chosen = Chosen { all: &all, ordered: Vec::new() };
    for wanted in WANTED {
        chosen.add(wanted)?;
    }
    for (number, (name, bytes)) in chosen.ordered.iter().enumerate() {
        fs::write(folder.join(format!("{number:02}-{name}.ko")), bytes)?;
    }
    Ok(())
}

struct Chosen<'a> {
    all: &'a BTreeMap<String, &'a PathBuf>,
    ordered: Vec<(String, Vec<u8>)>,
}

impl Chosen<'_> {
    /// Adds a module after those that it depends on; modules do not depend on each other in circles.
    fn add(&mut self, module: &str) -> Result<()> {
        let Some(path) = self.all.get(module) else { return Ok(()) };
        if self.ordered.iter().any(|(name, _)| name == module) {
            return Ok(());
        }
        let bytes = read(path).with_context(|| path.display().to_string())?;
        for needed in depends(&bytes) {
            self.add(&needed)?;
        }
        self.ordered.push((module.to_owned(), bytes));
        Ok(())
    }
}

/// A module's name, by its file; modules spell themselves with underscores.
fn name(file: &Path) -> Option<String> {
    let file = file.file_name()?.to_str()?;
    let stem = file.strip_suffix(".ko").or_else(|| file.strip_suffix(".ko.xz"))?;
    Some(stem.replace('-', "_"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if path.extension().is_some_and(|extension| extension == "xz") {
        Ok(decompress("xz", &bytes)?)
    } else {
        Ok(bytes)
    }
}

/// The modules that a module's `depends=` entry names.
fn depends(module: &[u8]) -> Vec<String> {
    let entry = module.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"depends="));
    let list = String::from_utf8_lossy(entry.unwrap_or_default()).into_owned();
    list.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{depends, name};

    #[test]
    fn names_have_underscores() {
        assert_eq!(name(Path::new("/m/act-bpf.ko.xz")).as_deref(), Some("act_bpf"));
        assert_eq!(name(Path::new("/m/veth.ko")).as_deref(), Some("veth"));
        assert_eq!(name(Path::new("/m/modules.order")), None);
    }

    #[test]
    fn dependencies_are_listed() {
        assert_eq!(depends(b"\0license=GPL\0depends=a-b,c\0"), ["a_b", "c"]);
        assert!(depends(b"\0depends=\0").is_empty());
        assert!(depends(b"no modinfo").is_empty());
    }
}
