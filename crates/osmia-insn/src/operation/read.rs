//! From slots to operations.

use crate::alu::AluOp;
use crate::atomic::AtomicOp;
use crate::byte_order::ByteOrder;
use crate::class::Class;
use crate::imm64::Imm64;
use crate::insn::Insn;
use crate::jump::JumpOp;
use crate::mode::Mode;
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::operation::Operation;
use crate::pseudo::{PSEUDO_CALL, PSEUDO_KFUNC_CALL};
use crate::reg::Reg;
use crate::size::Size;
use crate::source::Source;
use crate::width::Width;

/// `imm` of an acquiring load.
pub(super) const LOAD_ACQUIRE: i32 = 0x100;
/// `imm` of a releasing store.
pub(super) const STORE_RELEASE: i32 = 0x110;
/// `off` of a move that casts between address spaces.
pub(super) const ADDR_SPACE_CAST: i16 = 1;
/// `off` of the kernel's internal move that adds the base of this CPU's data.
pub(super) const PERCPU_ADDR: i16 = -1;
/// Operation bits of a negation.
pub(super) const NEG: u8 = 0x80;
/// Operation bits of a move.
pub(super) const MOV: u8 = 0xb0;
/// Operation bits of a byte order conversion.
pub(super) const END: u8 = 0xd0;

impl Insn {
    /// What this instruction does.
    ///
    /// A 64-bit immediate load is two slots, so that one alone is [`Operation::Unknown`]; give
    /// [`Operation::of`] both, or go through a [`Listing`](crate::Listing).
    ///
    /// # Examples
    /// ```
    /// use osmia_insn::{Insn, Operation, Operand, Reg, Width};
    /// let (dst, src) = (Reg::R0, Operand::Imm(1));
    /// assert_eq!(Insn::mov64(dst, 1).operation(), Operation::Mov { width: Width::W64, dst, src });
    /// ```
    pub const fn operation(self) -> Operation {
        Operation::of(self, None)
    }
}

impl Operation {
    /// What a slot does, with the slot after it for a 64-bit immediate load. For other instructions `second` is ignored.
    pub const fn of(insn: Insn, second: Option<Insn>) -> Self {
        let known = match insn.code.class() {
            Class::Ld => ld(insn, second),
            Class::Ldx => ldx(insn),
            Class::St => st(insn),
            Class::Stx => stx(insn),
            Class::Alu => alu(insn, Width::W32),
            Class::Alu64 => alu(insn, Width::W64),
            Class::Jmp => jmp(insn),
            Class::Jmp32 => jmp32(insn),
        };
        match known {
            Some(operation) => operation,
            None => Self::Unknown(insn),
        }
    }
}

const fn ld(insn: Insn, second: Option<Insn>) -> Option<Operation> {
    let size = insn.code.size();
    match (insn.code.mode(), size) {
        (Mode::Imm, Size::Double) => match second {
            Some(second) if second.code.0 == Opcode::LD_IMM64_SECOND.0 => {
                match Imm64::from_fields(insn.src, insn.imm, second.imm) {
                    Some(value) => Some(Operation::LdImm64 { dst: insn.dst, value }),
                    None => None,
                }
            }
            _ => None,
        },
        (Mode::Abs, Size::Byte | Size::Half | Size::Word) => {
            Some(Operation::LdAbs { size, off: insn.imm })
        }
        (Mode::Ind, Size::Byte | Size::Half | Size::Word) => {
            Some(Operation::LdInd { size, src: insn.src, off: insn.imm })
        }
        _ => None,
    }
}

const fn ldx(insn: Insn) -> Option<Operation> {
    let (size, dst, base, off) = (insn.code.size(), insn.dst, insn.src, insn.off);
    let signed = match (insn.code.mode(), size) {
        (Mode::Mem, _) => false,
        (Mode::MemSx, Size::Byte | Size::Half | Size::Word) => true,
        _ => return None,
    };
    Some(Operation::Load { size, signed, dst, base, off })
}

const fn st(insn: Insn) -> Option<Operation> {
    let (size, base, off) = (insn.code.size(), insn.dst, insn.off);
    match insn.code.mode() {
        Mode::Mem => Some(Operation::Store { size, base, off, src: Operand::Imm(insn.imm) }),
        Mode::Atomic if matches!(size, Size::Word) => Some(Operation::Nospec),
        _ => None,
    }
}

const fn stx(insn: Insn) -> Option<Operation> {
    let (size, base, off, src) = (insn.code.size(), insn.dst, insn.off, insn.src);
    match (insn.code.mode(), insn.imm) {
        (Mode::Mem, _) => Some(Operation::Store { size, base, off, src: Operand::Reg(src) }),
        (Mode::Atomic, LOAD_ACQUIRE) => {
            Some(Operation::LoadAcquire { size, dst: insn.dst, base: src, off })
        }
        (Mode::Atomic, STORE_RELEASE) => Some(Operation::StoreRelease { size, base, off, src }),
        (Mode::Atomic, imm) if matches!(size, Size::Word | Size::Double) => {
            match AtomicOp::from_imm(imm) {
                Some(op) => Some(Operation::Atomic { size, op, base, off, src }),
                None => None,
            }
        }
        _ => None,
    }
}

const fn alu(insn: Insn, width: Width) -> Option<Operation> {
    let dst = insn.dst;
    match (insn.code.op(), insn.code.source()) {
        (NEG, Source::Imm) if insn.off == 0 => Some(Operation::Neg { width, dst }),
        (MOV, _) => mov(insn, width),
        (END, source) => endian(insn, width, source),
        (op, _) => match AluOp::from_bits(op, insn.off) {
            Some(op) => Some(Operation::Alu { width, op, dst, src: operand(insn) }),
            None => None,
        },
    }
}

const fn mov(insn: Insn, width: Width) -> Option<Operation> {
    let (dst, src) = (insn.dst, insn.src);
    Some(match (insn.code.source(), width, insn.off) {
        (_, _, 0) => Operation::Mov { width, dst, src: operand(insn) },
        (Source::Reg, _, 8) => Operation::MovSx { width, dst, src, from: Size::Byte },
        (Source::Reg, _, 16) => Operation::MovSx { width, dst, src, from: Size::Half },
        (Source::Reg, Width::W64, 32) => Operation::MovSx { width, dst, src, from: Size::Word },
        (Source::Reg, Width::W64, ADDR_SPACE_CAST) => {
            let [from_low, from_high, to_low, to_high] = insn.imm.to_le_bytes();
            let to = u16::from_le_bytes([to_low, to_high]);
            let from = u16::from_le_bytes([from_low, from_high]);
            Operation::AddrSpaceCast { dst, src, to, from }
        }
        (Source::Reg, Width::W64, PERCPU_ADDR) => Operation::PercpuAddr { dst, src },
        _ => return None,
    })
}

const fn endian(insn: Insn, width: Width, source: Source) -> Option<Operation> {
    let order = match (width, source) {
        (Width::W32, Source::Imm) => ByteOrder::ToLittle,
        (Width::W32, Source::Reg) => ByteOrder::ToBig,
        (Width::W64, Source::Imm) => ByteOrder::Swap,
        (Width::W64, Source::Reg) => return None,
    };
    let size = match (insn.imm, insn.off) {
        (16, 0) => Size::Half,
        (32, 0) => Size::Word,
        (64, 0) => Size::Double,
        _ => return None,
    };
    Some(Operation::Endian { order, dst: insn.dst, size })
}

const fn jmp(insn: Insn) -> Option<Operation> {
    match insn.code {
        Opcode::JA => Some(Operation::Goto { distance: insn.off }),
        Opcode::JA_REG => Some(Operation::GotoX { dst: insn.dst }),
        Opcode::JCOND if insn.src.number() == 0 => Some(Operation::MayGoto { distance: insn.off }),
        Opcode::CALL => call(insn),
        Opcode::CALL_REG => callx(insn),
        Opcode::EXIT => Some(Operation::Exit),
        _ => jump(insn, Width::W64),
    }
}

const fn jmp32(insn: Insn) -> Option<Operation> {
    match insn.code {
        Opcode::JA32 => Some(Operation::GotoL { distance: insn.imm }),
        _ => jump(insn, Width::W32),
    }
}

const fn jump(insn: Insn, width: Width) -> Option<Operation> {
    let (dst, src, distance) = (insn.dst, operand(insn), insn.off);
    match JumpOp::from_bits(insn.code.op()) {
        Some(op) => Some(Operation::Jump { width, op, dst, src, distance }),
        None => None,
    }
}

const fn call(insn: Insn) -> Option<Operation> {
    match insn.src {
        Reg::R0 => Some(Operation::Call { helper: insn.imm }),
        PSEUDO_CALL => Some(Operation::CallSubprogram { distance: insn.imm }),
        PSEUDO_KFUNC_CALL => Some(Operation::CallKfunc { btf_id: insn.imm, module: insn.off }),
        _ => None,
    }
}

/// LLVM up to 18 puts the register's number into `imm`.
const fn callx(insn: Insn) -> Option<Operation> {
    let dst = match (insn.dst, insn.imm) {
        (dst, 0) => dst,
        (Reg::R0, 1..=10) => Reg::from_nibble(insn.imm.to_le_bytes()[0]),
        _ => return None,
    };
    Some(Operation::CallX { dst })
}

const fn operand(insn: Insn) -> Operand {
    match insn.code.source() {
        Source::Imm => Operand::Imm(insn.imm),
        Source::Reg => Operand::Reg(insn.src),
    }
}
