//! The generator: from an object's spec to the text of a Rust module.

pub(crate) mod names;
pub(crate) mod text;
pub(crate) mod types;
