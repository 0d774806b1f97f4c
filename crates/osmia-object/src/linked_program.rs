//! A program whose functions stand one behind the other, as the kernel takes it.

use osmia_btf::TypeId;
use osmia_insn::Insn;

use crate::function::{CoreRelocation, FunctionId, Line, Relocation, Target};
use crate::jump_table::JumpTable;
use crate::ksym::MissingCall;
use crate::relocate::Poisoned;

/// A program put together for loading: its entry, then all subprograms that it reaches.
///
/// All positions are instruction slots from the program's start. What is left to fill
/// in depends on the place where it will run: the maps, the externs, and CO-RE.
#[derive(Clone, Debug)]
pub struct LinkedProgram {
    /// The program's name.
    pub name: String,
    /// The code.
    pub insns: Vec<Insn>,
    /// The references that remain: to maps, to bytes of their values, to jump tables, to externs. One per
    /// instruction at most, in the order of slots.
    pub relocations: Vec<Relocation>,
    /// The tables that it jumps through.
    pub jump_tables: Vec<JumpTable>,
    /// The instructions that depend on the target's types, in the order of slots.
    pub core: Vec<CoreRelocation>,
    /// The instructions that cannot run, once the program was [relocated](Self::relocate).
    pub poisoned: Vec<Poisoned>,
    /// The calls of kernel functions that are not there, once its
    /// [externs](Self::resolve_externs) were resolved.
    pub missing_calls: Vec<MissingCall>,
    /// The addresses of what the kernel has not that it loads, as 0, once its externs were
    /// resolved.
    pub missing_addresses: Vec<MissingCall>,
    /// The source lines, in the order of slots.
    pub lines: Vec<Line>,
    /// The functions, in the order of slots.
    pub functions: Vec<LinkedFunction>,
}

/// A function in a linked program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedFunction {
    /// Which one it is.
    pub id: FunctionId,
    /// Its name.
    pub name: String,
    /// Its first slot.
    pub start: u32,
    /// The number of its slots.
    pub len: u32,
    /// Its type in the object's BTF.
    pub btf_type: Option<TypeId>,
}

impl LinkedProgram {
    /// The function that a slot belongs to.
    pub fn function_at(&self, slot: u32) -> Option<&LinkedFunction> {
        let behind = self.functions.partition_point(|function| function.start <= slot);
        let function = self.functions.get(behind.checked_sub(1)?)?;
        (slot - function.start < function.len).then_some(function)
    }

    /// The source line of a slot.
    pub fn line_at(&self, slot: u32) -> Option<&Line> {
        let function = self.function_at(slot)?;
        let behind = self.lines.partition_point(|line| line.at <= slot);
        let line = self.lines.get(behind.checked_sub(1)?)?;
        (line.at >= function.start).then_some(line)
    }

    /// The names of the externs that it refers to, once for each reference.
    pub fn externs(&self) -> impl Iterator<Item = &str> {
        self.relocations.iter().filter_map(|relocation| match &relocation.target {
            Target::Extern(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The first slot and the type of each function, as the kernel wants to know them;
    /// none if one of them has no type, as it takes all or nothing.
    pub fn func_info(&self) -> Option<Vec<(u32, TypeId)>> {
        self.functions.iter().map(|function| Some((function.start, function.btf_type?))).collect()
    }
}
