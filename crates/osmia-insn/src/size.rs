//! Widths of memory accesses.

/// Width of a memory access: bits 3 and 4 of a memory opcode.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Size {
    /// `BPF_B`, one byte.
    Byte,
    /// `BPF_H`, two bytes.
    Half,
    /// `BPF_W`, four bytes.
    Word,
    /// `BPF_DW`, eight bytes.
    Double,
}

impl Size {
    /// The size in bits 3 and 4 of an opcode.
    pub const fn from_bits(code: u8) -> Self {
        match code & 0x18 {
            0x00 => Self::Word,
            0x08 => Self::Half,
            0x10 => Self::Byte,
            _ => Self::Double,
        }
    }

    /// The bits of this size in an opcode.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Word => 0x00,
            Self::Half => 0x08,
            Self::Byte => 0x10,
            Self::Double => 0x18,
        }
    }

    /// The width in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
            Self::Double => 8,
        }
    }

    /// The width in bits.
    pub const fn bit_len(self) -> u8 {
        match self {
            Self::Byte => 8,
            Self::Half => 16,
            Self::Word => 32,
            Self::Double => 64,
        }
    }
}
