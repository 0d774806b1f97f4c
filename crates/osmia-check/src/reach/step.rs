//! What one instruction makes of what is known.

use std::collections::HashMap;

use osmia_btf::Endian;
use osmia_insn::{AluOp, AtomicOp, Imm64, Operand, Operation, Reg, Size, Width};
use osmia_object::{ExternKind, MapRole, MapSpec, ObjectSpec};

use crate::reach::arithmetic::alu;
use crate::reach::registers::Registers;
use crate::reach::value::Value;

/// The variable of the kernel's configuration that tells its release.
const VERSION: &str = "LINUX_KERNEL_VERSION";

/// What instructions of one program refer to.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub object: &'a ObjectSpec,
    pub version: Option<u32>,
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
                let same = src == Operand::Reg(dst);
                let zero = same && matches!(op, AluOp::Xor | AluOp::Sub);
                let result = match zero {
                    true => Value::Number(0),
                    false => alu(width, op, held.get(dst), held.operand(src)),
                };
                held.set(dst, result);
            }
            Operation::Neg { width, dst } => {
                held.set(dst, alu(width, AluOp::Sub, Value::Number(0), held.get(dst)));
            }
            Operation::Load { size, signed, dst, base, off } => {
                held.set(dst, self.load(held.get(base), off, size, signed));
            }
            Operation::MovSx { dst, .. }
            | Operation::Endian { dst, .. }
            | Operation::LoadAcquire { dst, .. }
            | Operation::AddrSpaceCast { dst, .. }
            | Operation::PercpuAddr { dst, .. } => held.set(dst, Value::Any),
            Operation::Atomic { op: AtomicOp::CmpXchg, .. } => held.set(Reg::R0, Value::Any),
            Operation::Atomic { op, src, .. } if op.fetches() => held.set(src, Value::Any),
            Operation::LdAbs { .. }
            | Operation::LdInd { .. }
            | Operation::Call { .. }
            | Operation::CallSubprogram { .. }
            | Operation::CallKfunc { .. }
            | Operation::CallX { .. }
            | Operation::Unknown(_) => held.after_call(),
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

    /// What a load from an address yields.
    fn load(&self, base: Value, off: i16, size: Size, signed: bool) -> Value {
        let Value::Constant { map, offset } = base else { return Value::Any };
        let Some((_, spec)) = self.object.maps.get_index(map) else { return Value::Any };
        let offset = offset.checked_add(off.into()).and_then(|at| usize::try_from(at).ok());
        let Some(offset) = offset else { return Value::Any };
        if spec.role == MapRole::Kconfig {
            return self.config(offset as u64);
        }
        let number = number(self.object.endian, spec, offset, size);
        number.map_or(Value::Any, |number| Value::Number(extended(number, size, signed)))
    }

    /// A value of the kernel's configuration.
    fn config(&self, offset: u64) -> Value {
        let is_version = |kind: ExternKind| match kind {
            ExternKind::Kconfig { offset: at, .. } => u64::from(at) == offset,
            _ => false,
        };
        let version = self.object.externs.get(VERSION);
        match (self.version, version) {
            (Some(version), Some(spec)) if is_version(spec.kind) => Value::Number(version.into()),
            _ => Value::Untold,
        }
    }
}

/// The number at a place of a map's value.
fn number(endian: Endian, spec: &MapSpec, offset: usize, size: Size) -> Option<u64> {
    let end = offset.checked_add(size.bytes())?;
    if end > spec.value_size as usize {
        return None;
    }
    let byte = |at: usize| u64::from(spec.contents.get(at).copied().unwrap_or_default());
    let join = |number: u64, at: usize| number << 8 | byte(at);
    Some(match endian {
        Endian::Big => (offset..end).fold(0, join),
        Endian::Little => (offset..end).rev().fold(0, join),
    })
}

fn extended(number: u64, size: Size, signed: bool) -> u64 {
    let unused = 64 - u32::from(size.bit_len());
    if signed { ((number << unused) as i64 >> unused) as u64 } else { number }
}
