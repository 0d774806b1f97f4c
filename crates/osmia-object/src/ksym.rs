//! Symbols of the kernel: `extern const void bpf_prog_active __ksym;`.
//!
//! A [`Question`] is what an extern asks: a variable's address as in `/proc/kallsyms`, a variable
//! by its type, a function to call. [`by_type`] answers the latter two from the BTF of the kernel
//! and its modules, [`by_address`] the first from addresses that were found, and
//! [`LinkedProgram::resolve_externs`](crate::LinkedProgram::resolve_externs) writes the answers
//! into a program.

mod absent;
mod by_address;
mod by_type;
mod question;
mod resolve;
mod symbol;

pub use crate::ksym::by_address::{Address, by_address};
pub use crate::ksym::by_type::by_type;
pub use crate::ksym::question::Question;
pub use crate::ksym::resolve::{MISSING_CALL, MissingCall, ModuleFd};
pub use crate::ksym::symbol::{KernelSymbol, KernelSymbols};
