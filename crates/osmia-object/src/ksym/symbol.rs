//! What an extern turned out to be.

use indexmap::IndexMap;
use osmia_btf::TypeId;

/// What a `__ksym` extern is in a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelSymbol {
    /// An address.
    Address(u64),
    /// A variable or a function with a type.
    Typed {
        /// Whose: 0 is the kernel's own, others are modules', counted from 1.
        place: usize,
        /// The `VAR` or `FUNC` record in that BTF.
        id: TypeId,
        /// What to load where the program takes its address, if kernels before 6.4 shall do
        /// that: they do not load the address of a function by its type.
        address: Option<u64>,
    },
    /// The kernel does not have it, and the extern is weak: its address is 0, and a call of it
    /// must not run.
    Absent {
        /// Why it is taken for absent, as the end of a sentence.
        why: String,
    },
}

/// What the externs of an object are in a kernel, by name.
pub type KernelSymbols = IndexMap<String, KernelSymbol>;
