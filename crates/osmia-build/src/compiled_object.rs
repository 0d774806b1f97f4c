//! An object, and what it was made from.

use std::path::PathBuf;

use crate::clang::diagnostic::Diagnostic;

/// What the compiler made of a C file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompiledObject {
    /// The object's bytes, without what only debuggers read.
    pub object: Vec<u8>,
    /// The C file and everything that it includes.
    pub inputs: Vec<PathBuf>,
    /// The compiler's warnings, with their notes.
    pub warnings: Vec<Diagnostic>,
}
