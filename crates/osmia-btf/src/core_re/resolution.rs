//! What a relocation comes to.

use crate::core_re::kind::CoreKind;
use crate::id::TypeId;

/// What a relocation comes to on a target: the libbpf and kernel `bpf_core_relo_res`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolution {
    /// What was asked.
    pub kind: CoreKind,
    /// The answer of the object's own types, which the instruction holds so far.
    pub original: u64,
    /// The target's answer. `None` if it has none: the instruction must never run.
    pub target: Option<u64>,
    /// Whether the instruction must hold `original`. Compilers and linkers are free in
    /// the values for bitfields and type ids.
    pub validate: bool,
    /// How wide a load or store of the field is on either side.
    pub width: Width,
    /// The type of the target that answered; `None` for local type ids, and where no
    /// type does.
    pub found: Option<Found>,
}

/// How wide loads and stores of a field are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width {
    /// Bytes in the object's own types; 0 for bitfields and where no offset is asked for.
    pub original: u32,
    /// Bytes in the target's types; likewise.
    pub target: u32,
    /// Whether a load or store may be made as wide as the target's: of pointers and
    /// unsigned integers.
    pub adjustable: bool,
}

impl Width {
    /// Whether a load or store would read or write something else than was meant.
    pub fn is_wrong(self) -> bool {
        self.original != self.target && !self.adjustable
    }
}

/// A type of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// Which BTF it is of; see [`Relocator::target`](crate::core_re::Relocator::target).
    pub place: usize,
    /// Its id there.
    pub ty: TypeId,
}
