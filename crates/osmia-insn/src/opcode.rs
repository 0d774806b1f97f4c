//! Opcodes.

use crate::class::Class;
use crate::mode::Mode;
use crate::size::Size;
use crate::source::Source;
use std::fmt;

/// The first byte of an instruction.
///
/// Any byte is an `Opcode`; whether it means something is answered by
/// [`Insn::operation`](crate::Insn::operation).
/// Arithmetic and jump opcodes are made of a class, a [`Source`] and an operation; memory opcodes of a class, a
/// [`Size`] and a [`Mode`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Opcode(pub u8);

impl Opcode {
    /// First slot of a 64-bit immediate load (`BPF_LD | BPF_IMM | BPF_DW`).
    pub const LD_IMM64: Self = Self::memory(Class::Ld, Size::Double, Mode::Imm);
    /// Second slot of a 64-bit immediate load: all fields but `imm` are zero.
    pub const LD_IMM64_SECOND: Self = Self(0);
    /// Call of a helper, a subprogram or a kernel function (`BPF_JMP | BPF_CALL`).
    pub const CALL: Self = Self(0x85);
    /// Call through a register (`BPF_JMP | BPF_CALL | BPF_X`): some compilers emit it, kernels refuse it.
    pub const CALL_REG: Self = Self(0x8d);
    /// Return from the function (`BPF_JMP | BPF_EXIT`).
    pub const EXIT: Self = Self(0x95);
    /// Unconditional jump by `off` slots (`BPF_JMP | BPF_JA`).
    pub const JA: Self = Self(0x05);
    /// Unconditional jump by `imm` slots (`BPF_JMP32 | BPF_JA`).
    pub const JA32: Self = Self(0x06);
    /// Jump to the address in a register (`BPF_JMP | BPF_JA | BPF_X`).
    pub const JA_REG: Self = Self(0x0d);
    /// Jump that the kernel may take when a loop has run for too long (`BPF_JMP | BPF_JCOND`).
    pub const JCOND: Self = Self(0xe5);
    /// 64-bit move of an immediate (`BPF_ALU64 | BPF_MOV | BPF_K`).
    pub const MOV64_IMM: Self = Self(0xb7);
    /// 64-bit move of a register (`BPF_ALU64 | BPF_MOV | BPF_X`).
    pub const MOV64_REG: Self = Self(0xbf);
    /// 32-bit move of an immediate (`BPF_ALU | BPF_MOV | BPF_K`).
    pub const MOV32_IMM: Self = Self(0xb4);
    /// 32-bit move of a register (`BPF_ALU | BPF_MOV | BPF_X`).
    pub const MOV32_REG: Self = Self(0xbc);

    /// The opcode of a memory instruction.
    pub const fn memory(class: Class, size: Size, mode: Mode) -> Self {
        Self(class.bits() | size.bits() | mode.bits())
    }

    /// The opcode of an arithmetic or jump instruction. Only the top four bits of `op` count.
    pub const fn arithmetic(class: Class, source: Source, op: u8) -> Self {
        Self(class.bits() | source.bits() | (op & 0xf0))
    }

    /// The instruction class: the low three bits.
    pub const fn class(self) -> Class {
        Class::from_bits(self.0)
    }

    /// The access size: bits 3 and 4. Meaningful in the memory classes.
    pub const fn size(self) -> Size {
        Size::from_bits(self.0)
    }

    /// The addressing mode: the top three bits. Meaningful in the memory classes.
    pub const fn mode(self) -> Mode {
        Mode::from_bits(self.0)
    }

    /// The operation: the top four bits, in place. Meaningful in the arithmetic and jump classes.
    pub const fn op(self) -> u8 {
        self.0 & 0xf0
    }

    /// Where the second operand comes from: bit 3. Meaningful in the arithmetic and jump classes.
    pub const fn source(self) -> Source {
        Source::from_bits(self.0)
    }
}

impl fmt::Debug for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opcode({:#04x})", self.0)
    }
}

impl fmt::LowerHex for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}
