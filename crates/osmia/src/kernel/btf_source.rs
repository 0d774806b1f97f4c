//! Where the kernel's types come from.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use osmia_btf::Btf;
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::files::Files;
use crate::kernel::vmlinux_file;

/// Where the kernel tells its types.
const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
/// What ELF files begin with.
const ELF: &[u8] = b"\x7fELF";

/// Where the kernel's types come from.
#[derive(Debug, Default)]
pub(crate) enum BtfSource {
    /// The kernel itself.
    #[default]
    Running,
    /// A file.
    File(PathBuf),
    /// The `vmlinux` of a release that is installed here.
    Installed(String),
    /// They are open already.
    Given(Btf),
}

impl BtfSource {
    pub(crate) fn open(&self, files: &Files) -> Result<Btf, Error> {
        match self {
            Self::Given(btf) => Ok(btf.clone()),
            Self::File(path) => file(path),
            Self::Installed(release) => vmlinux_file::installed(files, release),
            Self::Running => {
                let path = files.path(VMLINUX);
                parse(&path, read(&path)?)
            }
        }
    }
}

/// The types in a file of somebody's choice.
fn file(path: &Path) -> Result<Btf, Error> {
    if !is_elf(path) {
        return parse(path, read(path)?);
    }
    parse(path, section(path)?)
}

fn is_elf(path: &Path) -> bool {
    std::fs::File::open(path).is_ok_and(|mut file| {
        let mut head = [0; 4];
        std::io::Read::read_exact(&mut file, &mut head).is_ok() && head == ELF
    })
}

fn section(path: &Path) -> Result<Bytes, Error> {
    vmlinux_file::section(path, vmlinux_file::BTF)?
        .ok_or_else(|| Error::not_found(format!("{} has no section .BTF", path.display())))
}

/// The types in a module's file, which continue the kernel's.
pub(crate) fn module_file(path: &Path, base: &Btf) -> Result<Btf, Error> {
    if !is_elf(path) {
        return split(path, base);
    }
    let bytes = section(path)?;
    let moved = match vmlinux_file::section(path, vmlinux_file::DISTILLED)? {
        Some(distilled) => Btf::parse(distilled, None)
            .and_then(|distilled| Btf::parse(bytes, Some(distilled))?.relocated(base)),
        None => Btf::parse(bytes, Some(base.clone())),
    };
    moved.map_err(|error| malformed(path, error))
}

/// The types of a module, which continue the kernel's.
pub(crate) fn split(path: &Path, base: &Btf) -> Result<Btf, Error> {
    Btf::parse(read(path)?, Some(base.clone())).map_err(|error| malformed(path, error))
}

/// Opens what was read from a file.
pub(crate) fn parse(path: &Path, bytes: Bytes) -> Result<Btf, Error> {
    Btf::parse(bytes, None).map_err(|error| malformed(path, error))
}

fn read(path: &Path) -> Result<Bytes, Error> {
    osmia_sys::read_btf_file(path).map_err(|errno| {
        let kind = match errno {
            Errno::NOENT => ErrorKind::NotFound,
            Errno::ACCESS | Errno::PERM => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("open {}", path.display())).caused_by(errno)
    })
}

fn malformed(path: &Path, error: osmia_btf::Error) -> Error {
    Error::new(ErrorKind::Malformed, format!("{} is not BTF", path.display())).caused_by(error)
}
