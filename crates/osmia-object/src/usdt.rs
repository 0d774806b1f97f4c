//! USDT: places in user programs that their authors have marked, and where the arguments are there.
//!
//! [`UsdtFile::parse`] reads the marks of a program or library from its notes; [`Argument::parse_all`] reads what a note
//! says of arguments; [`SpecLayout`] writes that down as programs in BPF that include `bpf/usdt.bpf.h` read it.

mod aarch64;
mod argument;
mod error;
mod file;
mod layout;
mod note;
mod number;
mod x86_64;

pub use crate::usdt::argument::{Argument, Location, Machine, split};
pub use crate::usdt::error::UsdtError;
pub use crate::usdt::file::{Place, UsdtFile, UsdtProbe};
pub use crate::usdt::layout::SpecLayout;
