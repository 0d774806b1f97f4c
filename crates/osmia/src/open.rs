//! Reading object files.

use std::io;
use std::path::Path;

use bytes::Bytes;
use osmia_object::ObjectSpec;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::object_bytes;

/// Reads an object file: plain data, nothing reaches a kernel yet.
///
/// `name` is the object's; kernels call the maps of its data sections after it.
///
/// # Errors
/// `Malformed`: the bytes are no BPF object, or a damaged one; the message says where.
///
/// # Examples
/// ```
/// use osmia::ErrorKind;
///
/// let error = osmia::open("basic", "int main() {}").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Malformed);
/// ```
pub fn open(name: &str, object: impl Into<Bytes>) -> Result<ObjectSpec, Error> {
    ObjectSpec::parse(name, object.into()).map_err(|error| {
        Error::new(ErrorKind::Malformed, format!("read object `{name}`")).caused_by(error)
    })
}

/// Reads an object from its file, debug information left out. The object is called like the
/// file without its endings: `closes` for `bpf/closes.bpf.o`.
///
/// # Errors
/// `NotFound`, `Permission`, `System`: the file cannot be read; and as for [`open`].
///
/// # Examples
/// ```
/// use osmia::ErrorKind;
///
/// let error = osmia::open_file("/nowhere/closes.bpf.o").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
pub fn open_file(path: impl AsRef<Path>) -> Result<ObjectSpec, Error> {
    let path = path.as_ref();
    let bytes = object_bytes::read(path).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("read {}", path.display())).caused_by(error)
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".o").unwrap_or(&name);
    open(stem.strip_suffix(".bpf").unwrap_or(stem), bytes)
}
