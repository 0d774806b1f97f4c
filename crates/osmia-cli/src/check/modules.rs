//! Files with modules' types.

use std::fs;
use std::path::{Path, PathBuf};

use osmia_vm::image;
use tempfile::TempDir;

use crate::failure::Failure;

/// The kernel's own types, among those of modules.
const VMLINUX: &str = "vmlinux";
/// What BTF begins with, in either byte order.
const BTF: [[u8; 2]; 2] = [[0x9f, 0xeb], [0xeb, 0x9f]];
const ELF: &[u8] = b"\x7fELF";

/// A module's file.
pub struct ModuleFile {
    /// The module's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl ModuleFile {
    /// Whether the kernel can load it, and not only read its types.
    pub fn is_loadable(&self) -> bool {
        starts_with(&self.path, |head| head == ELF)
    }
}

/// The modules in files and directories; those that are compressed are unpacked into `unpacked`.
///
/// # Errors
/// Something cannot be read, or what was named is neither a module nor BTF.
pub fn find(paths: &[PathBuf], unpacked: &TempDir) -> Result<Vec<ModuleFile>, Failure> {
    let mut modules = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, unpacked, &mut modules)?;
        } else {
            let unlike = || {
                let shown = path.display();
                Failure::new(format!("{shown} is neither a module (.ko) nor BTF by itself"))
            };
            fs::metadata(path)
                .map_err(|error| Failure::because(format!("open {}", path.display()), &error))?;
            modules.push(module(path, unpacked)?.ok_or_else(unlike)?);
        }
    }
    Ok(modules)
}

/// Adds all modules below a directory, in order of their paths.
fn walk(top: &Path, unpacked: &TempDir, modules: &mut Vec<ModuleFile>) -> Result<(), Failure> {
    let mut open = vec![top.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        let unreadable =
            |error| Failure::because(format!("read the directory {}", folder.display()), &error);
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let is_dir = entry.file_type().map_err(unreadable)?.is_dir();
            if is_dir { &mut open } else { &mut files }.push(entry.path());
        }
    }
    files.sort();
    for path in files.iter().filter(|path| path.file_stem() != Some(VMLINUX.as_ref())) {
        modules.extend(module(path, unpacked)?);
    }
    Ok(())
}

/// The module in a file; `None` if it is something else.
fn module(path: &Path, unpacked: &TempDir) -> Result<Option<ModuleFile>, Failure> {
    let Some(tool) = image::tool_for(path) else {
        let fits =
            starts_with(path, |head| head == ELF || BTF.iter().any(|two| head.starts_with(two)));
        return Ok(fits.then(|| ModuleFile { name: name(path), path: path.to_owned() }));
    };
    let plain = path.with_extension("");
    if plain.extension().is_none_or(|ending| ending != "ko") {
        return Ok(None);
    }
    let shown = path.display();
    let bytes =
        fs::read(path).map_err(|error| Failure::because(format!("read {shown}"), &error))?;
    let bytes = image::decompress(tool, &bytes)
        .map_err(|error| Failure::because(format!("decompress {shown}"), &error))?;
    let name = name(&plain);
    let path = unpacked.path().join(format!("{name}.ko"));
    fs::write(&path, bytes)
        .map_err(|error| Failure::because(format!("write {}", path.display()), &error))?;
    Ok(Some(ModuleFile { name, path }))
}

fn starts_with(path: &Path, fits: impl Fn(&[u8]) -> bool) -> bool {
    let mut head = [0; 4];
    fs::File::open(path)
        .is_ok_and(|mut file| std::io::Read::read_exact(&mut file, &mut head).is_ok())
        && fits(&head)
}

/// A module's name: its file's without the ending, spelt with underscores.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".ko").or_else(|| name.strip_suffix(".btf")).unwrap_or(&name);
    stem.replace('-', "_")
}
