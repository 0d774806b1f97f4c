//! What one instruction makes of what is known.

use std::collections::HashMap;

use osmia_abi::FuncId;
use osmia_btf::Endian;
use osmia_insn::{AluOp, AtomicOp, Imm64, Operand, Operation, Reg, Size, Width};
use osmia_object::{MapRole, MapSpec, ObjectSpec};

use crate::reach::arithmetic::alu;
use crate::reach::config::Settled;
use crate::reach::registers::Registers;
use crate::reach::stack::StackMemory;
use crate::reach::value::Value;

/// Helpers that run functions of the program, which may write to its stack.
const CALLERS: [FuncId; 4] =
    [FuncId::FOR_EACH_MAP_ELEM, FuncId::FIND_VMA, FuncId::LOOP, FuncId::USER_RINGBUF_DRAIN];

/// Helpers that only read what they are handed.
const READERS: [FuncId; 8] = [
    FuncId::MAP_LOOKUP_ELEM,
    FuncId::MAP_UPDATE_ELEM,
    FuncId::MAP_DELETE_ELEM,
    FuncId::MAP_PUSH_ELEM,
    FuncId::TRACE_PRINTK,
    FuncId::TRACE_VPRINTK,
    FuncId::PERF_EVENT_OUTPUT,
    FuncId::RINGBUF_OUTPUT,
];

/// What instructions of one program refer to.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub object: &'a ObjectSpec,
    pub config: &'a Settled,
    /// What the kernel's verifier remembers of the stack.
    pub memory: StackMemory,
    /// What 64-bit immediates load, by slot, where it is not what stands in them.
    pub references: HashMap<u32, Value>,
}

impl Step<'_> {
    /// What registers hold behind an instruction.
    pub fn follow(&self, at: u32, operation: Operation, held: &mut Registers) {
        match operation {
            Operation::LdImm64 { dst, value } => held.set(dst, self.immediate(at, value)),
            Operation::Mov { width: Width::W64, dst, src } => held.set(dst, held.operand(src)),
            Operation::Mov { width: Width::W32, dst, src } => {
                held.set(dst, alu(Width::W32, AluOp::Or, held.operand(src), Value::Number(0)));
            }
            Operation::Alu { width, op, dst, src } => {
                held.set(dst, result(width, op, dst, src, held));
            }
            Operation::Neg { width, dst } => {
                held.set(dst, alu(width, AluOp::Sub, Value::Number(0), held.get(dst)));
            }
            Operation::Load { size, signed, dst, base, off } => {
                held.set(dst, self.load(held, base, off, size, signed));
            }
            Operation::Store { size, base, off, src } => self.store(held, base, off, size, src),
            Operation::MovSx { dst, .. }
            | Operation::Endian { dst, .. }
            | Operation::AddrSpaceCast { dst, .. }
            | Operation::PercpuAddr { dst, .. } => held.set(dst, Value::Any),
            Operation::LoadAcquire { dst, .. } => held.set(dst, Value::Wild),
            Operation::Atomic { op, size, base, off, src } => {
                write(held, base, off, size);
                match op {
                    AtomicOp::CmpXchg => held.set(Reg::R0, Value::Any),
                    op if op.fetches() => held.set(src, Value::Any),
                    _ => {}
                }
            }
            Operation::StoreRelease { size, base, off, .. } => write(held, base, off, size),
            Operation::Call { helper } if is_among(helper, &READERS) => held.after_reader(),
            Operation::Call { helper } if !calls_back(helper) => held.after_helper(),
            Operation::LdAbs { .. }
            | Operation::LdInd { .. }
            | Operation::Call { .. }
            | Operation::CallSubprogram { .. }
            | Operation::CallKfunc { .. }
            | Operation::CallX { .. } => held.after_code(),
            Operation::Unknown(_) => *held = Registers::unknown(),
            _ => {}
        }
    }

    fn immediate(&self, at: u32, value: Imm64) -> Value {
        match (self.references.get(&at), value) {
            (Some(&known), _) => known,
            (None, Imm64::Const(number)) => Value::Number(number),
            // Addresses of functions, variables of the kernel.
            (None, _) => Value::Address,
        }
    }

    fn store(&self, held: &mut Registers, base: Reg, off: i16, size: Size, src: Operand) {
        match held.get(base) {
            Value::Stack(start) => {
                let value = held.operand(src);
                held.stack.store(start.saturating_add(off.into()), size, src, value, self.memory);
            }
            _ => write(held, base, off, size),
        }
    }

    /// What a load from an address yields.
    fn load(&self, held: &Registers, base: Reg, off: i16, size: Size, signed: bool) -> Value {
        let (map, offset) = match held.get(base) {
            Value::Constant { map, offset } => (map, offset),
            Value::Stack(start) => {
                let loaded = held.stack.load(start.saturating_add(off.into()), size);
                return if signed && loaded != Value::Number(0) { Value::Any } else { loaded };
            }
            Value::Wild => return Value::Wild,
            _ => return Value::Any,
        };
        let Some((_, spec)) = self.object.maps.get_index(map) else { return Value::Any };
        let offset = offset.checked_add(off.into()).and_then(|at| usize::try_from(at).ok());
        let Some(offset) = offset else { return Value::Any };
        if spec.role == MapRole::Kconfig {
            let settled = self.config.number(self.object.endian, offset, size);
            return settled
                .map_or(Value::Untold, |number| Value::Number(extended(number, size, signed)));
        }
        let number = constant(self.object.endian, spec, offset, size);
        number.map_or(Value::Any, |number| Value::Number(extended(number, size, signed)))
    }
}

/// Something is written that is not known.
fn write(held: &mut Registers, base: Reg, off: i16, size: Size) {
    match held.get(base) {
        Value::Stack(start) => {
            let from = start.saturating_add(off.into());
            held.stack.forget(from, from.saturating_add(size.bytes() as i32));
        }
        Value::Wild => held.stack.clear(),
        _ => {}
    }
}

fn calls_back(helper: i32) -> bool {
    FuncId(helper as u32).name().is_none() || is_among(helper, &CALLERS)
}

fn is_among(helper: i32, list: &[FuncId]) -> bool {
    list.contains(&FuncId(helper as u32))
}

fn result(width: Width, op: AluOp, dst: Reg, src: Operand, held: &Registers) -> Value {
    // What it is does not matter then.
    if src == Operand::Reg(dst) && matches!(op, AluOp::Xor | AluOp::Sub) {
        return Value::Number(0);
    }
    alu(width, op, held.get(dst), held.operand(src))
}

/// The number at a place of a map's value.
fn constant(endian: Endian, spec: &MapSpec, offset: usize, size: Size) -> Option<u64> {
    let end = offset.checked_add(size.bytes())?;
    let byte = |at: usize| spec.contents.get(at).copied().unwrap_or_default();
    (end <= spec.value_size as usize).then(|| number(endian, (offset..end).map(byte)))
}

/// The number that bytes are.
pub(super) fn number(endian: Endian, bytes: impl DoubleEndedIterator<Item = u8>) -> u64 {
    let join = |number: u64, byte: u8| number << 8 | u64::from(byte);
    match endian {
        Endian::Big => bytes.fold(0, join),
        Endian::Little => bytes.rev().fold(0, join),
    }
}

fn extended(number: u64, size: Size, signed: bool) -> u64 {
    let unused = 64 - u32::from(size.bit_len());
    if signed { ((number << unused) as i64 >> unused) as u64 } else { number }
}
