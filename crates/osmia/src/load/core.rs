//! CO-RE: instructions that depend on the kernel's types.

use std::cell::RefCell;

use osmia_btf::core_re::{Patch, Relocator, Slot, Target};
use osmia_btf::{Btf, CoreRecord};
use osmia_insn::{Insn, Opcode, Reg};
use osmia_object::{CoreRelocation, LinkedProgram};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::load::Load;

/// The object's relocations, answered once for all of its programs.
pub(super) type SharedRelocator = RefCell<Relocator>;

/// An instruction that must not run, because the kernel lacks what it reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poisoned {
    /// The slot, from the program's start.
    pub(super) at: u32,
    pub(super) record: CoreRecord,
}

impl Load<'_> {
    /// Adapts a program to the kernel's types; which of its instructions must not run.
    pub(super) fn relocate(&self, program: &mut LinkedProgram) -> Result<Vec<Poisoned>, Error> {
        if program.core.is_empty() {
            return Ok(Vec::new());
        }
        let mut poisoned = Vec::new();
        let mut relocator = self.relocator()?.borrow_mut();
        let relocations = std::mem::take(&mut program.core);
        for relocation in &relocations {
            let patch = patch(&mut relocator, program, relocation)?;
            if let Patch::Poison { .. } = patch {
                poisoned.push(Poisoned { at: relocation.at, record: relocation.record });
            }
            apply(program, relocation.at, patch);
        }
        program.core = relocations;
        Ok(poisoned)
    }

    /// Why the kernel lacks what an instruction reads.
    pub(super) fn explain_poison(&self, poisoned: &Poisoned) -> Option<String> {
        let mut relocator = self.relocator().ok()?.borrow_mut();
        let failure = relocator.explain(&poisoned.record).ok()??;
        Some(format!("{failure:#}"))
    }

    fn relocator(&self) -> Result<&SharedRelocator, Error> {
        if let Some(relocator) = self.relocator.get() {
            return Ok(relocator);
        }
        let local = self.spec.btf.as_ref().ok_or_else(|| {
            Error::invalid("it has CO-RE relocations and no BTF: compile it with -g")
        })?;
        let relocator = RefCell::new(Relocator::new(local, Target::new("vmlinux", self.types()?)));
        Ok(self.relocator.get_or_init(|| relocator))
    }

    fn types(&self) -> Result<&Btf, Error> {
        self.kernel.btf().map_err(|error| {
            error.during("it reads the kernel's types by CO-RE, which takes the kernel's BTF")
        })
    }
}

fn patch(
    relocator: &mut Relocator,
    program: &LinkedProgram,
    relocation: &CoreRelocation,
) -> Result<Patch, Error> {
    let slot = |at: u32| program.insns.get(at as usize).copied().map(to_slot);
    let patched = relocator.resolve(&relocation.record).and_then(|resolution| {
        let first = slot(relocation.at).unwrap_or_default();
        Patch::of(&resolution, first, slot(relocation.at.saturating_add(1)))
    });
    patched.map_err(|error| {
        let function = program.function_at(relocation.at).map_or("", |f| f.name.as_str());
        let at = relocation.at;
        let message = format!("CO-RE relocation of instruction {at} (in `{function}`)");
        Error::new(ErrorKind::Malformed, message).caused_by(error)
    })
}

fn apply(program: &mut LinkedProgram, at: u32, patch: Patch) {
    let Some(insns) = program.insns.get_mut(at as usize..) else { return };
    let mut slots: Vec<Slot> = insns.iter().take(2).copied().map(to_slot).collect();
    patch.apply(&mut slots);
    insns.iter_mut().zip(slots).for_each(|(insn, slot)| *insn = to_insn(slot));
}

fn to_slot(insn: Insn) -> Slot {
    let Insn { code, dst, src, off, imm } = insn;
    Slot { code: code.0, dst: dst.number(), src: src.number(), off, imm }
}

fn to_insn(slot: Slot) -> Insn {
    let Slot { code, dst, src, off, imm } = slot;
    Insn { code: Opcode(code), dst: Reg::from_nibble(dst), src: Reg::from_nibble(src), off, imm }
}
