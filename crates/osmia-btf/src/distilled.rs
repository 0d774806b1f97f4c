//! Distilled bases: as much of a kernel's types as a module's need to find the rest of them again.

mod distil;
mod onto;

pub use crate::distilled::distil::{Distilled, distil};

use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;

/// A reference of a type that nobody has.
fn unknown(btf: &Btf, id: TypeId) -> Error {
    Error::NoSuchType { id, count: btf.type_count().unwrap_or_default() }
}
