//! `vmlinux.h`, made from a kernel's types.

mod mentions;
mod used;

use std::fs;
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSection as _};
use osmia_btf::Btf;
use osmia_btf::c::Printer;

use crate::error::{Error, IoContext};
use crate::vmlinux::mentions::Mentions;

/// Whose types stand in a `vmlinux.h` that is made.
///
/// A program that reads kernel structs by CO-RE runs on other kernels as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vmlinux {
    /// Those of the kernel that the compiler runs on.
    #[default]
    Running,
    /// Those in a file: BTF by itself, or an ELF file with a section `.BTF`.
    File(PathBuf),
    /// None is made: the C has to find one in its folders.
    Never,
}

/// The running kernel's types.
const RUNNING: &str = "/sys/kernel/btf/vmlinux";

impl Vmlinux {
    /// The file with the types.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Running => Some(Path::new(RUNNING)),
            Self::File(path) => Some(path),
            Self::Never => None,
        }
    }
}

/// `vmlinux.h` with the types in a file: BTF by itself, or an ELF file with a section `.BTF`.
///
/// # Errors
/// The file cannot be read, or its types are broken.
pub fn vmlinux_header(from: &Path) -> Result<String, Error> {
    Ok(osmia_btf::c::header(&types(from)?)?)
}

/// As much of `vmlinux.h` as preprocessed C uses, which includes the whole of it.
pub(crate) fn used_header(btf: &Btf, preprocessed: &str) -> Result<String, Error> {
    let roots = used::types(btf, &Mentions::of(preprocessed))?;
    let mut text = String::new();
    Printer::new(btf).roots(roots).write(&mut text)?;
    Ok(text)
}

/// The types in a file.
fn types(from: &Path) -> Result<Btf, Error> {
    let bytes = match fs::read(from) {
        Err(_) if from == Path::new(RUNNING) => return Err(Error::NoKernelTypes),
        read => read.during("read the kernel's types from", from)?,
    };
    Ok(Btf::parse(section(bytes).into(), None)?)
}

/// Writes `vmlinux.h` with the types of `from` into `dir`.
pub(crate) fn write(from: &Path, dir: &Path) -> Result<(), Error> {
    write_text(&vmlinux_header(from)?, dir)
}

/// Writes this `vmlinux.h` into `dir`.
pub(crate) fn write_text(header: &str, dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).during("make the folder", dir)?;
    let path = dir.join("vmlinux.h");
    fs::write(&path, header).during("write", &path)
}

/// The BTF in an ELF file; the bytes themselves if they are none.
fn section(bytes: Vec<u8>) -> Vec<u8> {
    let section = || {
        let elf = object::File::parse(bytes.as_slice()).ok()?;
        Some(elf.section_by_name(".BTF")?.data().ok()?.to_vec())
    };
    section().unwrap_or(bytes)
}
