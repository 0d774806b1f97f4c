//! Where the kernel's types come from.

use std::path::{Path, PathBuf};

use osmia_btf::Btf;
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::files::Files;

/// Where the kernel tells its types.
const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Where the kernel's types come from.
#[derive(Debug, Default)]
pub(crate) enum BtfSource {
    /// The kernel itself.
    #[default]
    Running,
    /// A file.
    File(PathBuf),
    /// They are open already.
    Given(Btf),
}

impl BtfSource {
    pub(crate) fn open(&self, files: &Files) -> Result<Btf, Error> {
        match self {
            Self::Given(btf) => Ok(btf.clone()),
            Self::File(path) => open(path),
            Self::Running => open(&files.path(VMLINUX)).map_err(|error| match error.kind() {
                ErrorKind::NotFound => error.during(
                    "this kernel does not tell its types: it is older than 5.4, or built without \
                     CONFIG_DEBUG_INFO_BTF. Name a file with its BTF (Kernel::builder().btf_file)",
                ),
                _ => error,
            }),
        }
    }
}

fn open(path: &Path) -> Result<Btf, Error> {
    let bytes = osmia_sys::read_btf_file(path).map_err(|errno| {
        let kind = match errno {
            Errno::NOENT => ErrorKind::NotFound,
            Errno::ACCESS | Errno::PERM => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("open {}", path.display())).caused_by(errno)
    })?;
    Btf::parse(bytes, None).map_err(|error| {
        Error::new(ErrorKind::Malformed, format!("{} is not BTF", path.display())).caused_by(error)
    })
}
