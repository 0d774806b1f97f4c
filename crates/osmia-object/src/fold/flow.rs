//! Which addresses of constants reach which instructions.

use osmia_insn::{Block, Cfg, Insn, Listing, Target};

use crate::fold::held::Registers;
use crate::fold::refusal::Refused;
use crate::fold::step::{Constants, Load};
use crate::linked_program::LinkedProgram;

/// The control flow of a program, with what registers hold at the start of each block.
pub(super) struct Flow<'a> {
    insns: &'a [Insn],
    cfg: Cfg,
    /// By block; `None` for those that nothing leads to.
    entries: Vec<Option<Registers>>,
}

impl<'a> Flow<'a> {
    /// Follows all paths until nothing new is learnt. A register's knowledge changes twice at
    /// most, so that this ends.
    pub fn of(program: &'a LinkedProgram, constants: &Constants) -> Self {
        let cfg = Cfg::new(&program.insns);
        let entries = vec![None; cfg.blocks().len()];
        let mut flow = Self { insns: &program.insns, cfg, entries };
        flow.settle(constants);
        flow
    }

    fn settle(&mut self, constants: &Constants) {
        let mut pending = Vec::new();
        self.reach(Target::Block(0), &Registers::default(), &mut pending);
        while let Some(index) = pending.pop() {
            let Some(block) = self.cfg.blocks().get(index).cloned() else { continue };
            let Some(mut held) = self.entries.get(index).copied().flatten() else { continue };
            for line in Listing::range(self.insns, block.slots.clone()) {
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
        for line in Listing::range(self.insns, block.slots.clone()) {
            let (at, operation) = (line.index, line.operation());
            loads.extend(constants.examine(at, operation, &held)?);
            constants.follow(at, operation, &mut held);
        }
        Ok(())
    }
}
