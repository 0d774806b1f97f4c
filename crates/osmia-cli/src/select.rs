//! Objects of the kernel, opened by a selector or one after the other.
//!
//! What goes away between the listing and the look is left out of lists.

pub mod links;
pub mod maps;
pub mod names;
pub mod progs;

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use osmia_sys::{Bpf, Errno, FdKind, IdKind, KernelFs};

use crate::failure::Failure;
use crate::selector::{Selector, refused};

/// The word for a kind of object.
fn noun(kind: FdKind) -> &'static str {
    match kind {
        FdKind::Map => "map",
        FdKind::Prog => "program",
        FdKind::Btf => "BTF",
        FdKind::Link => "link",
        FdKind::Iter => "iterator's output",
        FdKind::Token => "token",
        _ => "object of another kind",
    }
}

/// Opens what is pinned, which must be of this kind.
fn pinned(bpf: &Bpf, kind: FdKind, path: &Path) -> Result<OwnedFd, Failure> {
    let shown = path.display();
    let attempt = format!("open pinned {} {shown}", noun(kind));
    let Ok(c_path) = CString::new(path.as_os_str().as_bytes()) else {
        return Err(Failure::usage(format!("the path {shown} has a NUL in it")));
    };
    let fd = bpf.obj_get(None, &c_path, 0).map_err(|errno| match errno {
        Errno::NOENT => Failure::not_found(format!("{attempt}: there is no such file")),
        _ if KernelFs::Bpf.holds(path) == Ok(false) => Failure::usage(format!(
            "{attempt}: it is not in a bpf file system, and only there things are pinned"
        )),
        errno => Failure::because(attempt.clone(), &errno),
    })?;
    match FdKind::of(&fd) {
        Ok(Some(found)) if found == kind => Ok(fd),
        Ok(Some(found)) => {
            Err(Failure::new(format!("{attempt}: what is pinned there is a {}", noun(found))))
        }
        Ok(None) => Err(Failure::new(format!("{attempt}: what is pinned there is something else"))),
        Err(errno) => Err(Failure::because(attempt, &errno)),
    }
}

/// Calls `visit` with each id of a kind of object, in ascending order.
fn each_id(
    bpf: &Bpf,
    kind: IdKind,
    noun: &str,
    mut visit: impl FnMut(u32) -> Result<(), Errno>,
) -> Result<(), Failure> {
    let failed = |errno| refused(format!("list the kernel's {noun}s"), errno);
    let mut last = 0;
    while let Some(id) = bpf.next_id(kind, last).map_err(failed)? {
        last = id;
        match visit(id) {
            // It went away since.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(refused(format!("look at {noun} {id}"), errno)),
        }
    }
    Ok(())
}

/// Why the object with this id cannot be opened.
fn not_by_id(selector: &Selector, noun: &str, errno: Errno) -> Failure {
    match errno {
        Errno::NOENT => selector.none(noun),
        errno => refused(format!("open the {noun} with {selector}"), errno),
    }
}

/// The text in front of the first NUL.
pub fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
