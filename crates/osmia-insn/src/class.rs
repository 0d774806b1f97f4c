//! Instruction classes.

/// The low three bits of an opcode: what kind of instruction it is, and how the rest of the opcode is divided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Class {
    /// `BPF_LD`: 64-bit immediates and the old packet loads.
    Ld = 0,
    /// `BPF_LDX`: load from memory into a register.
    Ldx = 1,
    /// `BPF_ST`: store an immediate.
    St = 2,
    /// `BPF_STX`: store a register; atomics.
    Stx = 3,
    /// `BPF_ALU`: 32-bit arithmetic (`w` registers).
    Alu = 4,
    /// `BPF_JMP`: jumps that compare 64 bits; call and exit.
    Jmp = 5,
    /// `BPF_JMP32`: jumps that compare 32 bits.
    Jmp32 = 6,
    /// `BPF_ALU64`: 64-bit arithmetic.
    Alu64 = 7,
}

impl Class {
    /// The class in the low three bits of an opcode.
    pub const fn from_bits(code: u8) -> Self {
        match code & 0x07 {
            0 => Self::Ld,
            1 => Self::Ldx,
            2 => Self::St,
            3 => Self::Stx,
            4 => Self::Alu,
            5 => Self::Jmp,
            6 => Self::Jmp32,
            _ => Self::Alu64,
        }
    }

    /// The bits of this class in an opcode.
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Whether this is one of the four classes that move data between registers and memory.
    pub const fn is_memory(self) -> bool {
        matches!(self, Self::Ld | Self::Ldx | Self::St | Self::Stx)
    }

    /// Whether this is arithmetic, of either width.
    pub const fn is_alu(self) -> bool {
        matches!(self, Self::Alu | Self::Alu64)
    }

    /// Whether this is a jump, of either width.
    pub const fn is_jump(self) -> bool {
        matches!(self, Self::Jmp | Self::Jmp32)
    }
}
