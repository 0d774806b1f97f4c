//! Atomic read-modify-write operations.

/// An atomic read-modify-write of memory, named by the instruction's `imm`.
///
/// # Kernel
/// `Add` without the old value since 3.18, the others since 5.12.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AtomicOp {
    /// `+=`
    Add,
    /// `|=`
    Or,
    /// `&=`
    And,
    /// `^=`
    Xor,
    /// `+=`; the source register receives the old value.
    FetchAdd,
    /// `|=`; the source register receives the old value.
    FetchOr,
    /// `&=`; the source register receives the old value.
    FetchAnd,
    /// `^=`; the source register receives the old value.
    FetchXor,
    /// Swaps memory and the source register.
    Xchg,
    /// Stores the source register if memory equals `r0`; `r0` receives the old value.
    CmpXchg,
}

impl AtomicOp {
    /// Every operation.
    pub const ALL: [Self; 10] = [
        Self::Add,
        Self::Or,
        Self::And,
        Self::Xor,
        Self::FetchAdd,
        Self::FetchOr,
        Self::FetchAnd,
        Self::FetchXor,
        Self::Xchg,
        Self::CmpXchg,
    ];

    /// The operation named by the `imm` of an atomic instruction.
    pub const fn from_imm(imm: i32) -> Option<Self> {
        Some(match imm {
            0x00 => Self::Add,
            0x40 => Self::Or,
            0x50 => Self::And,
            0xa0 => Self::Xor,
            0x01 => Self::FetchAdd,
            0x41 => Self::FetchOr,
            0x51 => Self::FetchAnd,
            0xa1 => Self::FetchXor,
            0xe1 => Self::Xchg,
            0xf1 => Self::CmpXchg,
            _ => return None,
        })
    }

    /// The instruction's `imm`.
    pub const fn imm(self) -> i32 {
        match self {
            Self::Add => 0x00,
            Self::Or => 0x40,
            Self::And => 0x50,
            Self::Xor => 0xa0,
            Self::FetchAdd => 0x01,
            Self::FetchOr => 0x41,
            Self::FetchAnd => 0x51,
            Self::FetchXor => 0xa1,
            Self::Xchg => 0xe1,
            Self::CmpXchg => 0xf1,
        }
    }

    /// Whether a register receives what memory held before.
    pub const fn fetches(self) -> bool {
        !matches!(self, Self::Add | Self::Or | Self::And | Self::Xor)
    }
}
