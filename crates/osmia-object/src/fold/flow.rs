//! Which addresses of constants reach which instructions.

use std::collections::HashMap;

use osmia_insn::{Block, Cfg, Listing, Operation, Target};

use crate::fold::held::Registers;
use crate::fold::refusal::Refused;
use crate::fold::step::{Constants, Load};
use crate::linked_program::LinkedProgram;

/// The control flow of a program, with what registers hold at the start of each block.
pub(super) struct Flow<'a> {
    program: &'a LinkedProgram,
    cfg: Cfg,
    /// By block; `None` for those that nothing leads to.
    entries: Vec<Option<Registers>>,
    /// By function: what registers hold wherever it jumps through one.
    jumping: HashMap<u32, Registers>,
}

impl<'a> Flow<'a> {
    /// Follows all paths until nothing new is learnt. A register's knowledge changes twice at
    /// most, so that this ends.
    pub fn of(program: &'a LinkedProgram, constants: &Constants) -> Self {
        let cfg = program.cfg();
        let entries = vec![None; cfg.blocks().len()];
        let mut flow = Self { program, cfg, entries, jumping: HashMap::new() };
        flow.settle(constants);
        flow
    }

    fn settle(&mut self, constants: &Constants) {
        let mut pending = Vec::new();
        self.reach(Target::Block(0), &Registers::default(), &mut pending);
        while let Some(index) = pending.pop() {
            let Some(block) = self.cfg.blocks().get(index).cloned() else { continue };
            let Some(mut held) = self.entries.get(index).copied().flatten() else { continue };
            for line in Listing::range(&self.program.insns, block.slots.clone()) {
                if matches!(line.operation(), Operation::GotoX { .. }) {
                    self.jump(line.index as u32, &held, &mut pending);
                }
                for (target, arguments) in self.called(line.index, &held) {
                    self.reach(target, &arguments, &mut pending);
                }
                constants.follow(line.index, line.operation(), &mut held);
            }
            for target in block.edges() {
                self.reach(target, &held, &mut pending);
            }
        }
    }

    /// Goes on wherever the tables of the function lead. What is learnt at any jump of it is taken
    /// together, so that tables are walked a few times at most.
    fn jump(&mut self, at: u32, held: &Registers, pending: &mut Vec<usize>) {
        let Some(function) = self.program.function_at(at) else { return };
        let known = self.jumping.entry(function.start);
        let mut changed = matches!(known, std::collections::hash_map::Entry::Vacant(_));
        let known = known.or_insert(*held);
        changed |= known.meet(held);
        if !changed {
            return;
        }
        let held = *known;
        for place in self.program.jumped_to(function) {
            if let Some(block) = self.cfg.block_of(place as usize) {
                self.reach(Target::Block(block), &held, pending);
            }
        }
    }

    /// The functions that an instruction calls or takes the address of, and what they get.
    fn called(&self, at: usize, held: &Registers) -> Vec<(Target, Registers)> {
        let calls = self.cfg.calls();
        let first = calls.partition_point(|call| call.at < at);
        let here = calls.iter().skip(first).take_while(|call| call.at == at);
        here.map(|call| {
            // Callbacks get what helpers hand to them.
            let arguments = if call.by_address { Registers::default() } else { held.arguments() };
            (call.target, arguments)
        })
        .collect()
    }

    fn reach(&mut self, target: Target, held: &Registers, pending: &mut Vec<usize>) {
        let Target::Block(index) = target else { return };
        let Some(entry) = self.entries.get_mut(index) else { return };
        let changed = match entry {
            Some(known) => known.meet(held),
            None => {
                *entry = Some(*held);
                true
            }
        };
        if changed {
            pending.push(index);
        }
    }

    /// All loads of constants, if addresses of constants are used for nothing else.
    pub fn loads(&self, constants: &Constants) -> Result<Vec<Load>, Refused> {
        let mut loads = Vec::new();
        for (block, entry) in self.cfg.blocks().iter().zip(&self.entries) {
            if let Some(held) = entry {
                self.loads_of(block, *held, constants, &mut loads)?;
            }
        }
        Ok(loads)
    }

    fn loads_of(
        &self,
        block: &Block,
        mut held: Registers,
        constants: &Constants,
        loads: &mut Vec<Load>,
    ) -> Result<(), Refused> {
        for line in Listing::range(&self.program.insns, block.slots.clone()) {
            let (at, operation) = (line.index, line.operation());
            loads.extend(constants.examine(at, operation, &held)?);
            constants.follow(at, operation, &mut held);
        }
        Ok(())
    }
}
