//! CO-RE: a program's instructions made to fit the types of the place where it will run.

use osmia_btf::core_re::{CoreError, POISON, Patch, Poison, Relocator, Slot};
use osmia_btf::{Btf, CoreRecord};
use osmia_insn::{Insn, Opcode, Reg};

use crate::error::Error;
use crate::function::{CoreRelocation, Line};
use crate::linked_program::LinkedProgram;

/// An instruction that must never run, as the target lacks what it reads.
///
/// It is a call of a function that does not exist. Programs that ask first
/// (`bpf_core_field_exists`) never come to it. Of others the verifier says "invalid func
/// unknown#195896080" or a number above: [`LinkedProgram::poisoned_by`] leads from there
/// to what is missing, and [`Relocator::explain`] to the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poisoned {
    /// The slot, from the program's start.
    pub at: u32,
    /// The instruction as it was.
    pub insn: Insn,
    /// The number of the function that it calls; each has its own.
    pub function: i32,
    /// What was asked of the target's types.
    pub record: CoreRecord,
    /// Why it must not run.
    pub why: Poison,
}

impl LinkedProgram {
    /// Changes the instructions that depend on types to what the target's types say, and
    /// makes those that ask for what it lacks ones that cannot run.
    ///
    /// Afterwards [`core`](Self::core) is empty and [`poisoned`](Self::poisoned) filled.
    ///
    /// # Errors
    /// A relocation makes no sense, is ambiguous, or its instruction is not what the
    /// object's types say. The program is of no use then.
    pub fn relocate(&mut self, relocator: &mut Relocator) -> Result<(), Error> {
        for CoreRelocation { at, record } in std::mem::take(&mut self.core) {
            let patch = self.patch(at, &record, relocator).map_err(|source| Error::Core {
                program: self.name.clone(),
                function: self.function_at(at).map_or_else(String::new, |f| f.name.clone()),
                at,
                source: Box::new(source),
            })?;
            self.apply(at, record, patch);
        }
        Ok(())
    }

    /// The instruction that calls this function, if it is one that cannot run.
    pub fn poisoned_by(&self, function: i32) -> Option<&Poisoned> {
        let number = function.checked_sub(POISON)?;
        self.poisoned.get(usize::try_from(number).ok()?)
    }

    /// The line of C that asked for what made an instruction one that cannot run.
    pub fn poisoned_line(&self, btf: &Btf, poisoned: &Poisoned) -> Option<&Line> {
        self.core_line(btf, poisoned.at, poisoned.insn, &poisoned.record)
    }

    fn patch(
        &self,
        at: u32,
        record: &CoreRecord,
        relocator: &mut Relocator,
    ) -> Result<Patch, CoreError> {
        let resolution = relocator.resolve(record)?;
        let slot = |at: usize| self.insns.get(at).copied().map(to_slot);
        let at = at as usize;
        Patch::of(&resolution, slot(at).unwrap_or_default(), slot(at + 1))
    }

    fn apply(&mut self, at: u32, record: CoreRecord, patch: Patch) {
        let Some(insns) = self.insns.get_mut(at as usize..) else { return };
        let insn = insns.first().copied();
        let mut slots: Vec<Slot> = insns.iter().take(2).copied().map(to_slot).collect();
        patch.apply(&mut slots);
        if let Patch::Poison { slots: count, why } = patch {
            // Programs have a million instructions at most, so that this cannot overflow.
            let function = POISON.saturating_add(self.poisoned.len() as i32);
            slots.iter_mut().take(count).for_each(|slot| slot.imm = function);
            self.poisoned.extend(insn.map(|insn| Poisoned { at, insn, function, record, why }));
        }
        insns.iter_mut().zip(slots).for_each(|(insn, slot)| *insn = to_insn(slot));
    }
}

fn to_slot(insn: Insn) -> Slot {
    let Insn { code, dst, src, off, imm } = insn;
    Slot { code: code.0, dst: dst.number(), src: src.number(), off, imm }
}

fn to_insn(slot: Slot) -> Insn {
    let Slot { code, dst, src, off, imm } = slot;
    Insn { code: Opcode(code), dst: Reg::from_nibble(dst), src: Reg::from_nibble(src), off, imm }
}
