//! Small machines that boot a kernel for a question.
//!
//! A [`Machine`] is a kernel with a first file system ([`Cpio`]), two serial lines and nothing else,
//! emulated by QEMU: one line is the console, and what is written to the other one comes back line by
//! line. A [`Guest`] is the running program with the libraries that it needs, to be the first process
//! there. [`image::extract`] takes the kernel out of a compressed image, which boots faster.

mod cpio;
mod error;
mod guest;
pub mod image;
mod machine;
mod watch;

pub use crate::cpio::Cpio;
pub use crate::error::Error;
pub use crate::guest::Guest;
pub use crate::machine::Machine;
pub use crate::watch::{End, watch};
