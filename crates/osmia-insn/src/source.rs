//! Where the second operand comes from.

/// Bit 3 of an arithmetic or jump opcode: whether the second operand is the immediate or the source register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Source {
    /// `BPF_K`: the immediate.
    Imm = 0x00,
    /// `BPF_X`: the source register.
    Reg = 0x08,
}

impl Source {
    /// The source in bit 3 of an opcode.
    pub const fn from_bits(code: u8) -> Self {
        if code & 0x08 == 0 { Self::Imm } else { Self::Reg }
    }

    /// The bit of this source in an opcode.
    pub const fn bits(self) -> u8 {
        self as u8
    }
}
