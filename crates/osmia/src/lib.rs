//! eBPF for Rust: load, attach, read and test BPF programs.

pub mod error;
pub mod generated;
#[cfg(test)]
mod handmade;
mod include;
mod initial_value;
pub mod kernel;
mod near;
pub mod verifier;

pub use osmia_object::{MapSpec, ObjectSpec, ProgramSpec, VariableSpec};
pub use zerocopy;

pub use crate::error::Error;
pub use crate::error::kind::{ErrorKind, Release};
pub use crate::kernel::{Kernel, KernelBuilder};
pub use crate::verifier::VerifierError;
