//! Jump tables: where a jump through a register can lead.

use osmia_insn::Cfg;

use crate::linked_program::{LinkedFunction, LinkedProgram};

/// A table of places in the code, as compilers make them of `switch` and of `goto *p`.
///
/// A kernel gets one as an instruction array: the program loads an address out of it and jumps there (`gotox`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JumpTable {
    /// The name of its symbol.
    pub name: String,
    /// The slots that it leads to, counted like those of the code that it is for: from the start of
    /// the [function](crate::Function), or of the [linked program](crate::LinkedProgram).
    pub places: Vec<u32>,
}

impl LinkedProgram {
    /// The control flow, where the places that jump tables lead to begin blocks.
    pub fn cfg(&self) -> Cfg {
        let places = self.jump_tables.iter().flat_map(|table| &table.places);
        Cfg::with_places(&self.insns, places.map(|place| *place as usize))
    }

    /// The slots that a jump through a register can lead to in a function.
    pub fn jumped_to<'a>(&'a self, function: &'a LinkedFunction) -> impl Iterator<Item = u32> + 'a {
        let slots = function.start..function.start.saturating_add(function.len);
        // The tables stand in the order of the functions that they are for.
        let first = |table: &JumpTable| table.places.first().copied().unwrap_or(0);
        let at = self.jump_tables.partition_point(|table| first(table) < function.start);
        let behind = self.jump_tables.get(at..).unwrap_or_default().iter();
        let own = behind.take_while(move |table| slots.contains(&first(table)));
        own.flat_map(|table| &table.places).copied()
    }
}
