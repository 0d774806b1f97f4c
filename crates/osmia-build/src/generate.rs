//! The generator: from an object's spec to the text of a Rust module.

mod comments;
mod find;
pub(crate) mod module;
pub(crate) mod names;
mod print;
pub(crate) mod request;
pub(crate) mod text;
pub(crate) mod types;
