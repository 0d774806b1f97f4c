//! What registers hold.

use osmia_insn::{Operand, Reg};

use crate::reach::stack::Stack;
use crate::reach::value::Value;

/// The registers in which arguments are.
pub(super) const ARGUMENTS: [Reg; 5] = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];

/// The registers that programs may use, and the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    values: [Value; 11],
    pub stack: Stack,
}

impl Registers {
    /// What a function gets of which nothing is known.
    pub fn callee() -> Self {
        let mut registers = Self { values: [Value::Any; 11], stack: Stack::default() };
        registers.set(Reg::R10, Value::Stack(0));
        registers
    }

    /// What an instruction leaves of which nothing is known.
    pub fn unknown() -> Self {
        let mut registers = Self { values: [Value::Wild; 11], stack: Stack::default() };
        registers.set(Reg::R10, Value::Stack(0));
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
            arguments.set(reg, self.get(reg).handed_on());
        }
        arguments
    }

    pub fn get(&self, reg: Reg) -> Value {
        self.values.get(usize::from(reg.number())).copied().unwrap_or_default()
    }

    pub fn set(&mut self, reg: Reg, value: Value) {
        if let Some(place) = self.values.get_mut(usize::from(reg.number())) {
            *place = value;
        }
    }

    pub fn operand(&self, operand: Operand) -> Value {
        match operand {
            Operand::Imm(imm) => Value::Number(imm as i64 as u64),
            Operand::Reg(reg) => self.get(reg),
        }
    }

    /// What a helper leaves that only reads.
    pub fn after_reader(&mut self) {
        self.after_call();
    }

    /// What a helper leaves: it writes where an argument leads to, and behind.
    pub fn after_helper(&mut self) {
        for (at, reg) in ARGUMENTS.into_iter().enumerate() {
            match self.get(reg) {
                Value::Stack(from) => {
                    let len = ARGUMENTS.get(at + 1).map(|&size| self.get(size));
                    let to = from.saturating_add(written(len));
                    self.stack.forget(from, to);
                }
                Value::Wild => self.stack.clear(),
                _ => {}
            }
        }
        self.after_call();
    }

    /// What code leaves that may write anywhere on a stack that it can reach.
    pub fn after_code(&mut self) {
        if ARGUMENTS.into_iter().any(|reg| self.get(reg).may_be_stack()) {
            self.stack.clear();
        }
        self.after_call();
    }

    fn after_call(&mut self) {
        self.set(Reg::R0, Value::Any);
        for reg in ARGUMENTS {
            self.set(reg, Value::Any);
        }
    }

    /// Takes in what another path brings; whether that changed anything.
    pub fn meet(&mut self, other: &Self) -> bool {
        let before = self.values;
        for (mine, theirs) in self.values.iter_mut().zip(other.values) {
            *mine = mine.meet(theirs);
        }
        let learnt = self.stack.meet(&other.stack);
        self.values != before || learnt
    }
}

/// How many bytes a helper writes, by the argument behind: their number, unless what it writes has a
/// size of its own, which is small.
fn written(len: Option<Value>) -> i32 {
    const OWN: i32 = 16;
    match len {
        Some(Value::Number(len)) => i32::try_from(len).unwrap_or(i32::MAX).max(OWN),
        _ => i32::MAX,
    }
}
