//! Constants folded into instructions, for kernels that have no global variables.

mod flow;
mod held;
mod helper_arity;
mod refusal;
mod step;

use std::collections::HashMap;

use bytes::Bytes;
use osmia_insn::{Imm64, Insn, Reg};

use crate::error::Error;
use crate::fold::flow::Flow;
use crate::fold::refusal::Use;
use crate::fold::step::Constants;
use crate::function::Target;
use crate::linked_program::LinkedProgram;
use crate::object_spec::ObjectSpec;

impl LinkedProgram {
    /// Replaces reads of constants by their values, so that the program does without the maps that
    /// hold them: `.rodata*` and `.kconfig`.
    ///
    /// `values` tells the value of such a map, zeros at the end left out; maps of which it tells
    /// nothing stay what they are. The program must have been [relocated](Self::relocate) and its
    /// externs [resolved](Self::resolve_externs): instructions move when a value takes two slots.
    ///
    /// # Errors
    /// The address of a constant is used for something else than to load a value from a place that
    /// is known, such as to index an array or to hand it to a helper. The error names the constant,
    /// the function and the line of C, and the program is as it was. Or a jump becomes too long for
    /// its instruction; the program is of no use then.
    pub fn fold_constants(
        &mut self,
        object: &ObjectSpec,
        values: impl Fn(&str) -> Option<Bytes>,
    ) -> Result<(), Error> {
        let constants = Constants::of(self, object, values);
        if constants.is_empty() {
            return Ok(());
        }
        let flow = Flow::of(self, &constants);
        let loads =
            flow.loads(&constants).map_err(|refused| refused.error(self, object, &constants))?;
        // What was the address of a constant is a number that nothing reads any more.
        for at in constants.references() {
            self.put(at, &Imm64::Const(0).slots(self.register(at)));
        }
        self.relocations.retain(|relocation| !constants.holds(relocation.at));
        let wide: HashMap<u32, [Insn; 2]> = loads
            .into_iter()
            .filter_map(|load| {
                let code = load_constant(load.dst, load.value);
                match code {
                    Code::One(insn) => {
                        self.put(load.at, &[insn]);
                        None
                    }
                    Code::Two(insns) => Some((load.at, insns)),
                }
            })
            .collect();
        self.widen(object, &wide)
    }

    /// Refuses a program that still refers to variables or constants, for kernels that have none.
    ///
    /// # Errors
    /// It does. The error names the variable, the function and the line of C.
    pub fn refuse_variables(&self, object: &ObjectSpec) -> Result<(), Error> {
        let mut references = self.relocations.iter();
        let first = references.find_map(|one| Some((one.at, reference(&one.target)?)));
        match first {
            None => Ok(()),
            Some((at, (map, offset))) => {
                Err(refusal::error(self, object, at, (map, offset.into()), Use::Variable))
            }
        }
    }

    fn register(&self, at: u32) -> Reg {
        self.insns.get(at as usize).map_or(Reg::R0, |insn| insn.dst)
    }

    fn put(&mut self, at: u32, insns: &[Insn]) {
        let places = self.insns.get_mut(at as usize..).into_iter().flatten();
        places.zip(insns).for_each(|(place, insn)| *place = *insn);
    }
}

/// The instructions that load a number.
enum Code {
    One(Insn),
    Two([Insn; 2]),
}

fn load_constant(dst: Reg, value: u64) -> Code {
    // 64-bit moves extend the sign, 32-bit ones clear the upper half.
    if let Ok(imm) = i32::try_from(value as i64) {
        Code::One(Insn::mov64_imm(dst, imm))
    } else if let Ok(imm) = u32::try_from(value) {
        Code::One(Insn::mov32(dst, imm as i32))
    } else {
        Code::Two(Insn::ld_imm64(dst, value))
    }
}

/// The place of a constant's byte that a reference is to.
fn reference(target: &Target) -> Option<(&str, u32)> {
    match target {
        Target::MapValue { map, offset } => Some((map, *offset)),
        _ => None,
    }
}
