//! Reading object files.

use bytes::Bytes;
use osmia_object::ObjectSpec;

use crate::error::Error;
use crate::error::kind::ErrorKind;

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
