//! Widths of arithmetic and comparisons.

use crate::class::Class;

/// How many bits of its registers an instruction works on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Width {
    /// The low 32 bits; arithmetic clears the upper half. Printed as `w` registers.
    W32,
    /// All 64 bits. Printed as `r` registers.
    W64,
}

impl Width {
    /// The letter that the kernel prints before a register number.
    pub const fn letter(self) -> char {
        match self {
            Self::W32 => 'w',
            Self::W64 => 'r',
        }
    }

    /// The class of arithmetic instructions of this width.
    pub const fn alu_class(self) -> Class {
        match self {
            Self::W32 => Class::Alu,
            Self::W64 => Class::Alu64,
        }
    }

    /// The class of jumps of this width.
    pub const fn jump_class(self) -> Class {
        match self {
            Self::W32 => Class::Jmp32,
            Self::W64 => Class::Jmp,
        }
    }
}
