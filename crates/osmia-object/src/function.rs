//! A function as data: code, and what it refers to.

use osmia_btf::{CoreRecord, Linkage, TypeId};
use osmia_insn::Insn;

use crate::jump_table::JumpTable;

/// An index into [`ObjectSpec::functions`](crate::ObjectSpec::functions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// A function with its code as the compiler left it, and the references in it by name.
///
/// All positions in it are instruction slots from its start.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The ELF section that it stands in. Sections have address spaces of their own:
    /// the same offset in two of them is two places.
    pub section: String,
    /// Its first slot's number in that section.
    pub start: u32,
    /// Who can call it. Kernels verify global functions on their own.
    pub linkage: Linkage,
    /// Whether another definition of the name would win over it.
    pub weak: bool,
    /// Its code.
    pub insns: Vec<Insn>,
    /// Its references to maps, data, functions and externs.
    pub relocations: Vec<Relocation>,
    /// The tables that it jumps through.
    pub jump_tables: Vec<JumpTable>,
    /// The instructions that depend on the target's types.
    pub core: Vec<CoreRelocation>,
    /// The source lines, in the order of slots.
    pub lines: Vec<Line>,
    /// Its type in the object's BTF.
    pub btf_type: Option<TypeId>,
    /// The function that the kernel calls when a program throws which begins with this one
    /// (`__exception_cb`).
    pub exception_callback: Option<FunctionId>,
}

/// A reference from an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// The slot of the instruction, from the function's start.
    pub at: u32,
    /// What it refers to.
    pub target: Target,
}

/// What an instruction refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A map, by name.
    Map(String),
    /// A byte in the value of a data section's map.
    MapValue {
        /// The map's name.
        map: String,
        /// The byte's offset in the value.
        offset: u32,
    },
    /// A call of another function of the object.
    Call(FunctionId),
    /// The address of another function, for a callback.
    Address(FunctionId),
    /// A byte of a jump table, of which a program has its own.
    JumpTable {
        /// The number of the table among those of the function, or of the linked program.
        table: u32,
        /// The byte's offset in the compiler's table, where an entry has 8 bytes.
        offset: u32,
    },
    /// Something that the object does not have itself: an entry of its externs.
    Extern(String),
    /// Something that cannot be referred to; loading the program is refused with this reason.
    Unresolved {
        /// The symbol's name.
        symbol: String,
        /// Why not.
        reason: String,
    },
}

/// A CO-RE relocation of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreRelocation {
    /// The slot of the instruction, from the function's start.
    pub at: u32,
    /// What is asked of the target's types.
    pub record: CoreRecord,
}

/// The source line of a slot and of those behind it up to the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first slot, from the function's start.
    pub at: u32,
    /// The file, the text, the number and the column, as offsets into the object's BTF.
    pub info: osmia_btf::LineInfo,
}
