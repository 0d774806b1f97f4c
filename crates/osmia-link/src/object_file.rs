//! What is linked.

use bytes::Bytes;

/// An object file.
#[derive(Clone, Debug)]
pub struct ObjectFile {
    /// What messages call it: its path, mostly.
    pub name: String,
    /// Its contents.
    pub bytes: Bytes,
}

impl ObjectFile {
    /// An object file of this name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}
