//! eBPF for Rust: load, attach, read and test BPF programs.

pub mod error;
pub mod generated;
#[cfg(test)]
mod handmade;
mod include;
mod initial_value;
pub mod kernel;
pub mod link;
mod near;
mod pin;
pub mod ring;
mod trace_line;
mod trace_pipe;
mod tracefs;
pub mod verifier;

pub use osmia_object::{MapSpec, ObjectSpec, ProgramSpec, VariableSpec};
pub use zerocopy;

pub use crate::error::Error;
pub use crate::error::kind::{ErrorKind, Release};
pub use crate::kernel::{Kernel, KernelBuilder};
pub use crate::link::xdp::{XdpMode, interface_index};
pub use crate::link::{Link, LinkInfo};
pub use crate::ring::RingReader;
pub use crate::ring::poller::RingPoller;
pub use crate::trace_line::TraceLine;
pub use crate::trace_pipe::TracePipe;
pub use crate::verifier::VerifierError;
pub use osmia_sys::RingPositions;
