//! From a BPF C file to a typed Rust module: the clang driver and the generator.

mod clang;
mod error;
#[cfg(test)]
mod fixture;
mod generate;
mod strip;

pub use crate::clang::cpu::Cpu;
pub use crate::clang::diagnostic::{Diagnostic, Place, Severity};
pub use crate::clang::finder::Clang;
pub use crate::clang::target::Target;
pub use crate::clang::version::Version;
pub use crate::error::Error;
pub use crate::generate::module::generate;
pub use crate::generate::request::{EventType, Options};
