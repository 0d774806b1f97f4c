//! The static linker for BPF objects: several object files become one.
//!
//! [`link`] does what `bpftool gen object` does. Sections of the same name are put behind each
//! other, what one file declares and another defines is brought together, references are
//! rewritten, and the types of all files are merged so that each is there once. The result is
//! an object like any other: it can be loaded, generated from, and linked again.
//!
//! - A global function, variable or map may be defined once. Definitions that are `__weak`
//!   yield to one that is not, and to an earlier weak one.
//! - `extern` declarations must have the type of the definition; those that no file defines
//!   stay, for the kernel (`__ksym`, `__kconfig`) or a later link.
//! - What is `__hidden` in one file is hidden in the result: the verifier sees such a function
//!   together with its callers.
//! - `static` things stay apart, whatever their names.
//! - The licence and the kernel version must be the same in all files that have them.
//! - Debug information (DWARF) is left out; types and lines of C (BTF) stay.
//!
//! The same files in the same order give the same bytes on every machine.

mod budget;
mod compat;
mod conflict;
mod datasec;
mod error;
mod instructions;
mod jump_table;
mod layout;
mod linker;
mod map_compat;
mod merged;
mod object_file;
mod patch;
mod relocation;
mod source;
mod statics;
mod symbols;
mod types;
mod write;

pub use crate::error::Error;
pub use crate::linker::link;
pub use crate::object_file::ObjectFile;
