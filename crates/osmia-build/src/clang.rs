//! clang: finding it, running it, and reading what it says.

pub(crate) mod compile;
pub(crate) mod cpu;
pub(crate) mod depfile;
pub(crate) mod diagnostic;
pub(crate) mod finder;
pub(crate) mod remedy;
pub(crate) mod source;
pub(crate) mod target;
pub(crate) mod version;
