//! Values: bytes of a type as text or JSON, and back.

mod bits;
mod encode;
mod error;
mod input;
mod json;
mod parse;
mod plan;
mod sink;
mod text;
mod walk;

pub use crate::value::error::{Problem, ValueError};
pub use crate::value::input::{Input, Integer};
pub use crate::value::json::Json;
pub use crate::value::plan::Plan;
pub use crate::value::sink::{Scalar, Sink};
pub use crate::value::text::Text;
pub use crate::value::walk::walk;

use crate::btf::Btf;
use crate::id::TypeId;

/// The value that `bytes` begin with, on one line, for people.
///
/// # Errors
/// The bytes are too few, the type has no values, or its records are broken.
pub fn to_text(btf: &Btf, id: TypeId, bytes: &[u8]) -> Result<String, ValueError> {
    let mut text = Text::new();
    walk(btf, id, bytes, &mut text)?;
    Ok(text.into_string())
}

/// The value that `bytes` begin with as JSON on one line; see [`Json`].
///
/// # Errors
/// As for [`to_text`].
pub fn to_json(btf: &Btf, id: TypeId, bytes: &[u8]) -> Result<String, ValueError> {
    let mut json = Json::new();
    walk(btf, id, bytes, &mut json)?;
    Ok(json.into_string())
}
