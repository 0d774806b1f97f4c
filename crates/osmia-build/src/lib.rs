//! From a BPF C file to a typed Rust module: the clang driver and the generator.

mod builder;
mod cargo;
mod clang;
mod compiled_object;
mod error;
#[cfg(test)]
mod fixture;
mod generate;
mod generated;
mod strip;
mod vmlinux;

use std::path::Path;

pub use crate::builder::Builder;
pub use crate::clang::cpu::Cpu;
pub use crate::clang::diagnostic::{Diagnostic, Place, Severity};
pub use crate::clang::finder::Clang;
pub use crate::clang::target::Target;
pub use crate::clang::version::Version;
pub use crate::compiled_object::CompiledObject;
pub use crate::error::Error;
pub use crate::generate::module::generate;
pub use crate::generate::request::{EventType, Options};
pub use crate::generated::Generated;
pub use crate::vmlinux::{Vmlinux, vmlinux_header};

/// Compiles a BPF C file and generates its module, in a build script.
///
/// It is [`Builder::new`] and [`Builder::compile`], for when nothing else has to be said.
pub fn compile(source: impl AsRef<Path>) {
    Builder::new(source).compile();
}
