//! What is on a function's stack, as the verifier keeps track of it.

use std::collections::BTreeMap;

use osmia_insn::{Operand, Size};

use crate::reach::value::Value;

/// How much of what is put on the stack a kernel's verifier remembers. All that have BTF remember
/// registers of 64 bits, and zeros from registers of any size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackMemory {
    /// Numbers from parts of registers: since 5.16.
    pub narrow: bool,
    /// Numbers that stand in the instruction: since 6.3.
    pub immediates: bool,
}

/// What is known of the bytes below the frame pointer. What is on no list may be anything, a pointer
/// into the stack as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stack(BTreeMap<i32, Slot>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    len: i32,
    value: Value,
}

/// The bytes that a stack has.
const SIZE: i32 = 512;

impl Stack {
    /// What a load yields.
    pub fn load(&self, at: i32, size: Size) -> Value {
        let len = size.bytes() as i32;
        match self.0.get(&at) {
            Some(slot) if slot.len == len => slot.value,
            _ if self.is_zero(at, len) => Value::Number(0),
            // Pointers are of 64 bits.
            _ if len < 8 => Value::Any,
            _ => Value::Wild,
        }
    }

    fn is_zero(&self, at: i32, len: i32) -> bool {
        (at..at.saturating_add(len)).all(|byte| {
            let slot = self.0.range(..=byte).next_back();
            slot.is_some_and(|(&start, slot)| {
                byte < start.saturating_add(slot.len) && slot.value == Value::Number(0)
            })
        })
    }

    /// What a store leaves, of which the verifier remembers what it can.
    pub fn store(&mut self, at: i32, size: Size, src: Operand, value: Value, memory: StackMemory) {
        let len = size.bytes() as i32;
        self.forget(at, at.saturating_add(len));
        if !(-SIZE..0).contains(&at) {
            return;
        }
        let value = match src {
            Operand::Imm(_) if !memory.immediates => Value::Any,
            Operand::Imm(_) => immediate(at, size, value),
            Operand::Reg(_) => register(at, size, value, memory),
        };
        if value != Value::Wild {
            self.0.insert(at, Slot { len, value });
        }
    }

    /// Forgets the bytes from one on to before another.
    pub fn forget(&mut self, from: i32, to: i32) {
        self.0.retain(|&start, slot| to <= start || start.saturating_add(slot.len) <= from);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes in what another path brings; whether that changed anything.
    pub fn meet(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        let mut changed = false;
        self.0.retain(|at, slot| {
            let theirs = other.0.get(at).filter(|theirs| theirs.len == slot.len);
            let met = theirs.map_or(Value::Wild, |theirs| slot.value.meet(theirs.value));
            changed |= met != slot.value;
            slot.value = met;
            met != Value::Wild
        });
        changed || self.0.len() != before
    }
}

fn register(at: i32, size: Size, value: Value, memory: StackMemory) -> Value {
    let wide = size == Size::Double;
    match value {
        Value::Number(0) | Value::Untold => value,
        Value::Number(_) if at % 8 != 0 => Value::Any,
        Value::Number(number) if wide || (memory.narrow && fits(number, size)) => value,
        Value::Number(_) => Value::Any,
        Value::Wild if !wide => Value::Any,
        _ if wide && at % 8 == 0 => value,
        // It cannot be read back as a pointer.
        _ => Value::Any,
    }
}

fn immediate(at: i32, size: Size, value: Value) -> Value {
    match value {
        Value::Number(0) => value,
        // What becomes of negative ones has changed.
        Value::Number(number) if at % 8 == 0 && number >> 31 == 0 && fits(number, size) => value,
        _ => Value::Any,
    }
}

fn fits(number: u64, size: Size) -> bool {
    size == Size::Double || number >> size.bit_len() == 0
}

#[cfg(test)]
mod tests {
    use osmia_insn::{Operand, Reg, Size};

    use super::{Stack, StackMemory};
    use crate::reach::value::Value::{self, Address, Any, Number, Wild};

    const OLD: StackMemory = StackMemory { narrow: false, immediates: false };
    const NEW: StackMemory = StackMemory { narrow: true, immediates: true };
    const REG: Operand = Operand::Reg(Reg::R1);

    fn kept(at: i32, size: Size, src: Operand, value: Value, memory: StackMemory) -> Value {
        let mut stack = Stack::default();
        stack.store(at, size, src, value, memory);
        stack.load(at, size)
    }

    #[test]
    fn kernels_remember_more_and_more() {
        let imm = |number: i32| (Operand::Imm(number), Number(number as i64 as u64));
        for (at, size, (src, value), old, new) in [
            (-8, Size::Double, (REG, Number(7)), Number(7), Number(7)),
            (-8, Size::Double, (REG, Address), Address, Address),
            (-8, Size::Word, (REG, Number(7)), Any, Number(7)),
            (-4, Size::Word, (REG, Number(7)), Any, Any),
            (-4, Size::Word, (REG, Number(0)), Number(0), Number(0)),
            (-8, Size::Word, (REG, Number(1 << 40)), Any, Any),
            (-8, Size::Byte, (REG, Number(0)), Number(0), Number(0)),
            (-8, Size::Double, imm(7), Any, Number(7)),
            (-4, Size::Word, imm(7), Any, Any),
            (-4, Size::Word, imm(0), Any, Number(0)),
            (-8, Size::Double, imm(-1), Any, Any),
            (-8, Size::Double, (REG, Wild), Wild, Wild),
            (-8, Size::Word, (REG, Wild), Any, Any),
            (8, Size::Double, (REG, Number(7)), Wild, Wild),
        ] {
            assert_eq!(kept(at, size, src, value, OLD), old, "{at} {size:?} {src:?} {value:?}");
            assert_eq!(kept(at, size, src, value, NEW), new, "{at} {size:?} {src:?} {value:?}");
        }
    }

    #[test]
    fn bytes_are_forgotten_where_others_are_stored() {
        let mut stack = Stack::default();
        stack.store(-8, Size::Double, REG, Number(7), NEW);
        stack.store(-16, Size::Double, REG, Number(0), NEW);
        assert_eq!(stack.load(-12, Size::Word), Number(0));
        assert_eq!(stack.load(-12, Size::Double), Wild, "it reaches into the other");
        stack.store(-5, Size::Byte, REG, Any, NEW);
        assert_eq!(stack.load(-8, Size::Double), Wild);
        stack.forget(-16, -15);
        assert_eq!(stack.load(-16, Size::Double), Wild);
    }

    #[test]
    fn what_paths_agree_in_stays() {
        let with = |values: &[(i32, Value)]| {
            let mut stack = Stack::default();
            for &(at, value) in values {
                stack.store(at, Size::Double, REG, value, NEW);
            }
            stack
        };
        let mut one = with(&[(-8, Number(1)), (-16, Number(0)), (-24, Number(5))]);
        let other = with(&[(-8, Number(1)), (-16, Number(3))]);
        assert!(one.meet(&other));
        assert_eq!(one.load(-8, Size::Double), Number(1));
        assert_eq!(one.load(-16, Size::Double), Any);
        assert_eq!(one.load(-24, Size::Double), Wild);
        assert!(!one.meet(&other), "nothing more is learnt");
    }
}
