//! Pins: names in a bpf file system.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use osmia_sys::{Bpf, Errno};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::kernel::mounts;

/// Gives an object a name in a bpf file system.
pub(crate) fn pin(bpf: &Bpf, what: &str, object: impl AsFd, path: &Path) -> Result<(), Error> {
    let c_path = c_path(path)?;
    bpf.obj_pin(object, None, &c_path).map_err(|errno| {
        let (kind, why) = why_not_pinned(path, errno);
        Error::new(kind, format!("pin {what} to {}: {why}", path.display())).caused_by(errno)
    })
}

/// Opens what is pinned.
pub(crate) fn open(kernel: &Kernel, noun: &str, path: &Path) -> Result<OwnedFd, Error> {
    let c_path = c_path(path)?;
    kernel.bpf().obj_get(None, &c_path, 0).map_err(|errno| {
        let (kind, why) = match errno {
            Errno::NOENT => (ErrorKind::NotFound, "there is no such file"),
            _ if mounts::holds(kernel.files(), path, "bpf") == Some(false) => {
                (ErrorKind::Invalid, "it is not in a bpf file system")
            }
            Errno::PERM if has_dot(path) => {
                (ErrorKind::Invalid, "names in a bpf file system have no dots")
            }
            Errno::ACCESS | Errno::PERM => {
                (ErrorKind::Permission, "its mode, or that of a directory above, forbids it")
            }
            _ => (ErrorKind::System, "the kernel refuses it"),
        };
        Error::new(kind, format!("open pinned {noun} {}: {why}", path.display())).caused_by(errno)
    })
}

/// Removes a pin; what was pinned lives on as long as others hold it.
pub(crate) fn unpin(path: &Path) -> Result<(), Error> {
    std::fs::remove_file(path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("unpin {}", path.display())).caused_by(error)
    })
}

fn why_not_pinned(path: &Path, errno: Errno) -> (ErrorKind, String) {
    let files = Files::default();
    let parent = path.parent().unwrap_or(Path::new("."));
    match errno {
        Errno::EXIST => (ErrorKind::Exists, "there is such a file already".to_owned()),
        Errno::NOENT => {
            (ErrorKind::NotFound, format!("the directory {} does not exist", parent.display()))
        }
        _ if mounts::holds(&files, parent, "bpf") == Some(false) => {
            let place = match mounts::first(&files, "bpf") {
                Some(place) => format!("one is mounted at {}", place.display()),
                None => "none is mounted; `mount -t bpf bpf /sys/fs/bpf` mounts it".to_owned(),
            };
            (ErrorKind::Invalid, format!("it is not in a bpf file system; {place}"))
        }
        Errno::PERM | Errno::INVAL if has_dot(path) => {
            (ErrorKind::Invalid, "names in a bpf file system have no dots".to_owned())
        }
        Errno::ACCESS | Errno::PERM => (
            ErrorKind::Permission,
            format!("the mode of {} or a security policy forbids it", parent.display()),
        ),
        _ => (ErrorKind::System, "the kernel refuses it".to_owned()),
    }
}

fn has_dot(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_bytes().contains(&b'.'))
}

fn c_path(path: &Path) -> Result<CString, Error> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::invalid(format!("the path {} has a NUL in it", path.display())))
}
