//! Object files, opened.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use osmia_object::ObjectSpec;

use crate::compile::{CompileOptions, MachineOptions, show_warnings};
use crate::failure::Failure;

/// An object file and what is in it.
pub struct ObjectFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub len: u64,
    /// The object's bytes.
    pub bytes: Bytes,
    /// What is in it.
    pub spec: ObjectSpec,
}

impl ObjectFile {
    /// Reads an object, or compiles a C file to one.
    ///
    /// # Errors
    /// It cannot be read, does not compile, or is no BPF object.
    pub fn open(path: &Path, compile: &CompileOptions) -> Result<Self, Failure> {
        let shown = path.display();
        let bytes = Bytes::from(object_bytes(path, compile)?);
        let len = bytes.len() as u64;
        let spec = ObjectSpec::parse(&object_name(path), bytes.clone());
        let spec = spec.map_err(|error| Failure::because(shown.to_string(), &error))?;
        Ok(Self { path: path.to_owned(), len, bytes, spec })
    }
}

/// Reads an object, or compiles a C file to one.
///
/// # Errors
/// It cannot be read or does not compile.
pub fn object_bytes(path: &Path, compile: &CompileOptions) -> Result<Vec<u8>, Failure> {
    if !is_c(path) {
        return fs::read(path)
            .map_err(|error| Failure::because(format!("read {}", path.display()), &error));
    }
    let compiled = compile.object(path, &MachineOptions::default())?;
    show_warnings(&compiled.warnings);
    Ok(compiled.object)
}

/// Whether the file's name says that it is C.
pub fn is_c(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "c")
}

/// The file's name without its folder and its endings: `closes` for `bpf/closes.bpf.c`.
pub fn object_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".o").or(name.strip_suffix(".c")).unwrap_or(&name);
    stem.strip_suffix(".bpf").unwrap_or(stem).to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::object_name;

    #[test]
    fn names_have_no_endings() {
        for (path, name) in [
            ("a/closes.bpf.c", "closes"),
            ("closes.bpf.o", "closes"),
            ("closes.o", "closes"),
            ("closes", "closes"),
            ("x.bpf", "x"),
        ] {
            assert_eq!(object_name(Path::new(path)), name);
        }
    }
}
