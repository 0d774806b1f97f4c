//! What registers hold.

use osmia_insn::{Operand, Reg};

use crate::reach::value::Value;

/// The registers in which arguments are.
pub(super) const ARGUMENTS: [Reg; 5] = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];

/// The registers that programs may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registers([Value; 11]);

impl Registers {
    /// What a function gets of which nothing is known.
    pub fn callee() -> Self {
        let mut registers = Self([Value::Any; 11]);
        registers.set(Reg::R10, Value::Address);
        registers
    }

    /// What a program gets: its context.
    pub fn entry() -> Self {
        let mut registers = Self::callee();
        registers.set(Reg::R1, Value::Address);
        registers
    }

    /// What a subprogram gets: the arguments of its caller.
    pub fn arguments(&self) -> Self {
        let mut arguments = Self::callee();
        for reg in ARGUMENTS {
            arguments.set(reg, self.get(reg));
        }
        arguments
    }

    pub fn get(&self, reg: Reg) -> Value {
        self.0.get(usize::from(reg.number())).copied().unwrap_or_default()
    }

    pub fn set(&mut self, reg: Reg, value: Value) {
        if let Some(place) = self.0.get_mut(usize::from(reg.number())) {
            *place = value;
        }
    }

    pub fn operand(&self, operand: Operand) -> Value {
        match operand {
            Operand::Imm(imm) => Value::Number(imm as i64 as u64),
            Operand::Reg(reg) => self.get(reg),
        }
    }

    /// What a call leaves.
    pub fn after_call(&mut self) {
        self.set(Reg::R0, Value::Any);
        for reg in ARGUMENTS {
            self.set(reg, Value::Any);
        }
    }

    /// Takes in what another path brings; whether that changed anything.
    pub fn meet(&mut self, other: &Self) -> bool {
        let before = *self;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.meet(theirs);
        }
        *self != before
    }
}
