//! Instructions replaced by ones that take more room.

use std::collections::HashMap;

use osmia_insn::{Insn, Listing, Operation};

use crate::error::Error;
use crate::linked_program::LinkedProgram;
use crate::object_spec::ObjectSpec;

impl LinkedProgram {
    /// Replaces instructions of one slot by ones of two. Everything that counts slots moves with
    /// them: jumps, calls, references, lines, functions.
    ///
    /// # Errors
    /// A jump becomes too long for its instruction.
    pub(crate) fn widen(
        &mut self,
        object: &ObjectSpec,
        wide: &HashMap<u32, [Insn; 2]>,
    ) -> Result<(), Error> {
        if wide.is_empty() {
            return Ok(());
        }
        let places = Places::new(self.insns.len(), wide);
        let mut insns = Vec::with_capacity(self.insns.len() + wide.len());
        for line in Listing::new(&self.insns) {
            let at = line.index as u32;
            if let Some(two) = wide.get(&at) {
                insns.extend_from_slice(two);
                continue;
            }
            let slots = line.index..line.next_index();
            insns.extend_from_slice(self.insns.get(slots).unwrap_or_default());
            if let Some(insn) = insns.get_mut(places.of(at) as usize) {
                *insn = places
                    .moved(at, line.operation(), *insn)
                    .ok_or_else(|| self.too_far(object, at))?;
            }
        }
        self.insns = insns;
        let moved = |at: &mut u32| *at = places.of(*at);
        self.relocations.iter_mut().for_each(|relocation| moved(&mut relocation.at));
        self.jump_tables.iter_mut().flat_map(|table| &mut table.places).for_each(moved);
        self.core.iter_mut().for_each(|relocation| moved(&mut relocation.at));
        self.poisoned.iter_mut().for_each(|poisoned| moved(&mut poisoned.at));
        let missing = self.missing_calls.iter_mut().chain(&mut self.missing_addresses);
        missing.for_each(|missing| moved(&mut missing.at));
        self.lines.iter_mut().for_each(|line| moved(&mut line.at));
        for function in &mut self.functions {
            let (start, end) = (function.start, function.start.saturating_add(function.len));
            function.start = places.of(start);
            function.len = places.of(end) - function.start;
        }
        Ok(())
    }

    #[cold]
    fn too_far(&self, object: &ObjectSpec, at: u32) -> Error {
        let function = self.function_at(at).and_then(|found| object.function(found.id));
        Error::Link {
            program: self.name.clone(),
            function: function.map_or_else(String::new, |function| function.name.clone()),
            at,
            problem: "a jump becomes too long when constants are folded in".to_owned(),
        }
    }
}

/// Where each slot goes.
struct Places(Vec<u32>);

impl Places {
    fn new(slots: usize, wide: &HashMap<u32, [Insn; 2]>) -> Self {
        let mut next = 0;
        // One more than there are slots: ends are asked for, too.
        let places = (0..=slots as u32).map(|at| {
            let place = next;
            next += if wide.contains_key(&at) { 2 } else { 1 };
            place
        });
        Self(places.collect())
    }

    /// The new place of a slot; beyond the end it is the end.
    fn of(&self, at: u32) -> u32 {
        self.0.get(at as usize).or(self.0.last()).copied().unwrap_or(at)
    }

    /// An instruction with its distance as it is now; `None` if that has no room.
    fn moved(&self, at: u32, operation: Operation, insn: Insn) -> Option<Insn> {
        let short = |distance: i16| {
            i16::try_from(self.distance(at, distance.into())).ok().map(|off| Insn { off, ..insn })
        };
        let long = |distance: i32| {
            i32::try_from(self.distance(at, distance.into())).ok().map(|imm| Insn { imm, ..insn })
        };
        match operation {
            Operation::Goto { distance }
            | Operation::MayGoto { distance }
            | Operation::Jump { distance, .. } => short(distance),
            Operation::GotoL { distance } | Operation::CallSubprogram { distance } => {
                long(distance)
            }
            Operation::LdImm64 { value: osmia_insn::Imm64::Func(distance), .. } => long(distance),
            _ => Some(insn),
        }
    }

    /// The distance between an instruction and one that was this far from the slot behind it.
    fn distance(&self, at: u32, distance: i64) -> i64 {
        let behind = i64::from(at) + 1;
        let Ok(target) = u32::try_from(behind + distance) else { return distance };
        // The slot behind the first is the second half of a 64-bit load, or the next instruction;
        // either is one on from where the first went.
        i64::from(self.of(target)) - (i64::from(self.of(at)) + 1)
    }
}
