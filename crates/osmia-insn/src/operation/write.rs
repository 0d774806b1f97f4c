//! From operations to slots.

use crate::byte_order::ByteOrder;
use crate::class::Class;
use crate::insn::Insn;
use crate::mode::Mode;
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::operation::Operation;
use crate::operation::read::{
    ADDR_SPACE_CAST, END, LOAD_ACQUIRE, MOV, NEG, PERCPU_ADDR, STORE_RELEASE,
};
use crate::pseudo::{PSEUDO_CALL, PSEUDO_KFUNC_CALL};
use crate::reg::Reg;
use crate::size::Size;
use crate::source::Source;
use crate::width::Width;

impl Operation {
    /// The slot that does this, and the second slot of a 64-bit immediate load. Unused fields are zero.
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{Insn, Operation};
    /// assert_eq!(Operation::Exit.slots(), (Insn::exit(), None));
    /// ```
    pub const fn slots(self) -> (Insn, Option<Insn>) {
        match self {
            Self::LdImm64 { dst, value } => {
                let [first, second] = value.slots(dst);
                (first, Some(second))
            }
            other => (other.slot(), None),
        }
    }

    /// The first slot.
    pub(crate) const fn slot(self) -> Insn {
        use Operand::{Imm, Reg as Register};
        use Width::W64;
        let (none, free) = (Reg::R0, Imm(0));
        match self {
            Self::Alu { width, op, dst, src } => alu(width, op.bits(), dst, src, op.off()),
            Self::Neg { width, dst } => alu(width, NEG, dst, free, 0),
            Self::Mov { width, dst, src } => alu(width, MOV, dst, src, 0),
            Self::MovSx { width, dst, src, from } => {
                alu(width, MOV, dst, Register(src), from.bit_len() as i16)
            }
            Self::Endian { order, dst, size } => endian(order, dst, size),
            Self::AddrSpaceCast { dst, src, to, from } => cast(dst, src, to, from),
            Self::PercpuAddr { dst, src } => alu(W64, MOV, dst, Register(src), PERCPU_ADDR),
            Self::LdImm64 { dst, value } => {
                let [first, _] = value.slots(dst);
                first
            }
            Self::LdAbs { size, off } => packet(size, Mode::Abs, none, off),
            Self::LdInd { size, src, off } => packet(size, Mode::Ind, src, off),
            Self::Load { size, signed, dst, base, off } => {
                let mode = if signed { Mode::MemSx } else { Mode::Mem };
                raw(Opcode::memory(Class::Ldx, size, mode), dst, base, off, 0)
            }
            Self::Store { size, base, off, src } => store(size, base, off, src),
            Self::Atomic { size, op, base, off, src } => atomic(size, base, src, off, op.imm()),
            Self::LoadAcquire { size, dst, base, off } => {
                atomic(size, dst, base, off, LOAD_ACQUIRE)
            }
            Self::StoreRelease { size, base, off, src } => {
                atomic(size, base, src, off, STORE_RELEASE)
            }
            Self::Nospec => {
                raw(Opcode::memory(Class::St, Size::Word, Mode::Atomic), none, none, 0, 0)
            }
            Self::Goto { distance } => raw(Opcode::JA, none, none, distance, 0),
            Self::GotoL { distance } => raw(Opcode::JA32, none, none, 0, distance),
            Self::GotoX { dst } => raw(Opcode::JA_REG, dst, none, 0, 0),
            Self::MayGoto { distance } => raw(Opcode::JCOND, none, none, distance, 0),
            Self::Jump { width, op, dst, src, distance } => {
                let code = Opcode::arithmetic(width.jump_class(), src.source(), op.bits());
                operands(code, dst, src, distance)
            }
            Self::Call { helper } => raw(Opcode::CALL, none, none, 0, helper),
            Self::CallSubprogram { distance } => raw(Opcode::CALL, none, PSEUDO_CALL, 0, distance),
            Self::CallKfunc { btf_id, module } => {
                raw(Opcode::CALL, none, PSEUDO_KFUNC_CALL, module, btf_id)
            }
            Self::CallX { dst } => raw(Opcode::CALL_REG, dst, none, 0, 0),
            Self::Exit => raw(Opcode::EXIT, none, none, 0, 0),
            Self::Unknown(insn) => insn,
        }
    }
}

const fn raw(code: Opcode, dst: Reg, src: Reg, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

const fn operands(code: Opcode, dst: Reg, operand: Operand, off: i16) -> Insn {
    let (src, imm) = operand.fields();
    raw(code, dst, src, off, imm)
}

const fn alu(width: Width, op: u8, dst: Reg, src: Operand, off: i16) -> Insn {
    operands(Opcode::arithmetic(width.alu_class(), src.source(), op), dst, src, off)
}

const fn endian(order: ByteOrder, dst: Reg, size: Size) -> Insn {
    let (class, source) = match order {
        ByteOrder::ToLittle => (Class::Alu, Source::Imm),
        ByteOrder::ToBig => (Class::Alu, Source::Reg),
        ByteOrder::Swap => (Class::Alu64, Source::Imm),
    };
    raw(Opcode::arithmetic(class, source, END), dst, Reg::R0, 0, size.bit_len() as i32)
}

const fn cast(dst: Reg, src: Reg, to: u16, from: u16) -> Insn {
    let ([from_low, from_high], [to_low, to_high]) = (from.to_le_bytes(), to.to_le_bytes());
    let imm = i32::from_le_bytes([from_low, from_high, to_low, to_high]);
    raw(Opcode::MOV64_REG, dst, src, ADDR_SPACE_CAST, imm)
}

const fn packet(size: Size, mode: Mode, src: Reg, off: i32) -> Insn {
    raw(Opcode::memory(Class::Ld, size, mode), Reg::R0, src, 0, off)
}

const fn store(size: Size, base: Reg, off: i16, src: Operand) -> Insn {
    let class = match src {
        Operand::Imm(_) => Class::St,
        Operand::Reg(_) => Class::Stx,
    };
    operands(Opcode::memory(class, size, Mode::Mem), base, src, off)
}

const fn atomic(size: Size, dst: Reg, src: Reg, off: i16, imm: i32) -> Insn {
    raw(Opcode::memory(Class::Stx, size, Mode::Atomic), dst, src, off, imm)
}
