//! CO-RE: one object for many kernels.
//!
//! A program that reads `task->pid` through `BPF_CORE_READ` (or from a type with
//! `__attribute__((preserve_access_index))`) holds the offset that `pid` had where it was
//! compiled, and the object has a [`CoreRecord`](crate::CoreRecord) saying so. A
//! [`Relocator`] answers such records from the types of the kernel that the program shall
//! run on; a [`Patch`] is what that means for the instruction.
//!
//! A member that the kernel does not have makes the instruction one that cannot run: a
//! program that asks first (`bpf_core_field_exists`) never comes to it, and of any other
//! [`Relocator::explain`] tells what is missing, what is near it, and what to do.
//!
//! For a kernel without BTF, its types can be brought along: [`Minimal`] is as much of them
//! as some objects need.
//!
//! # Kernel
//! Types of the running kernel: since Linux 5.2 with `CONFIG_DEBUG_INFO_BTF`; those of
//! its modules: since 5.11 with `CONFIG_DEBUG_INFO_BTF_MODULES`.

mod access;
mod answer;
mod candidates;
mod error;
mod explain;
mod failure;
mod fields;
mod kind;
mod matching;
mod minimal;
mod mismatch;
mod notation;
mod patch;
mod path;
mod relocation;
mod relocator;
mod resolution;
mod side;
mod target;
mod types;
mod wanted;

pub use crate::core_re::error::CoreError;
pub use crate::core_re::failure::{Cause, Failure, Hint, Rejected};
pub use crate::core_re::kind::CoreKind;
pub use crate::core_re::minimal::Minimal;
pub use crate::core_re::patch::{POISON, Patch, Poison, Slot};
pub use crate::core_re::relocation::Relocation;
pub use crate::core_re::relocator::Relocator;
pub use crate::core_re::resolution::{Found, Resolution, Width};
pub use crate::core_re::target::Target;

use crate::btf::Btf;
use crate::core_re::side::Side;
use crate::error::Error;
use crate::id::TypeId;

/// Whether what an object declares as the kernel's (`__ksym`) can be what the kernel has:
/// their kinds go together, through pointers, arrays and the parameters of prototypes. Names,
/// sizes and members do not count, as in libbpf; other than there, a forward declaration
/// stands for the struct or union of its name.
///
/// # Errors
/// A BTF is broken where the types lead.
pub fn is_declarable(local: &Btf, id: TypeId, target: &Btf, other: TypeId) -> Result<bool, Error> {
    let verdict = types::declarable(Side::local(local), id, Side::local(target), other)?;
    Ok(verdict.is_ok())
}
