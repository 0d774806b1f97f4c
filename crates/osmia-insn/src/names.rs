//! Names for the numbers in instructions.

use crate::imm64::Imm64;
use osmia_abi::FuncId;
use std::borrow::Cow;

/// Gives names to what instructions refer to by number.
///
/// Whoever knows the program (its relocations, its BTF, the kernel's symbols) implements the methods that it can
/// answer. `index` is the slot that refers, so that a relocation at that place can be found.
///
/// # Examples
/// ```
/// use osmia_insn::{Imm64, Listing, Names, Reg};
/// use std::borrow::Cow;
///
/// struct Maps;
/// impl Names for Maps {
///     fn imm64(&self, _index: usize, value: Imm64) -> Option<Cow<'_, str>> {
///         matches!(value, Imm64::MapFd(5)).then_some("map[counts]".into())
///     }
/// }
///
/// let insns = Imm64::MapFd(5).slots(Reg::R1);
/// let line = Listing::new(&insns).next().unwrap();
/// assert_eq!(line.named(&Maps).to_string(), "0: (18) r1 = map[counts]");
/// ```
pub trait Names {
    /// Name of the helper with this number. Unless overridden, the kernel's own names.
    ///
    /// In a dump of a loaded program the number is the helper's address, relative to the kernel's base for calls.
    fn helper(&self, index: usize, helper: i32) -> Option<Cow<'_, str>> {
        let _ = index;
        FuncId(helper.try_into().ok()?).name().map(Cow::Borrowed)
    }

    /// Name of the subprogram at this distance from the slot after `index`.
    fn subprogram(&self, index: usize, distance: i32) -> Option<Cow<'_, str>> {
        let _ = (index, distance);
        None
    }

    /// Name of the kernel function with this BTF id.
    fn kfunc(&self, index: usize, btf_id: i32, module: i16) -> Option<Cow<'_, str>> {
        let _ = (index, btf_id, module);
        None
    }

    /// What to print for the value of a 64-bit immediate load.
    fn imm64(&self, index: usize, value: Imm64) -> Option<Cow<'_, str>> {
        let _ = (index, value);
        None
    }
}

/// The names that are the same everywhere: those of helpers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelNames;

impl Names for KernelNames {}
