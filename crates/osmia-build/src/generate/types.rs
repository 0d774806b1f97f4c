//! The C types that a module needs, as Rust types.

pub(crate) mod collect;
pub(crate) mod emit;
pub(crate) mod layout;
pub(crate) mod model;
