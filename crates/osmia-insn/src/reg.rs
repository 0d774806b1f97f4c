//! Registers.

use std::fmt;

/// A register number as it is stored in an instruction: four bits, 0 to 15.
///
/// Programs use `r0` to `r10`; `r10` is the read-only frame pointer. The kernel uses 11 (`ax`) while it rewrites a
/// program; the rest name nothing and are kept so that any instruction can be held and written back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Reg(u8);

impl Reg {
    /// Return value of helpers and programs; the accumulator of packet loads.
    pub const R0: Self = Self(0);
    /// First argument; the context at program entry.
    pub const R1: Self = Self(1);
    /// Second argument.
    pub const R2: Self = Self(2);
    /// Third argument.
    pub const R3: Self = Self(3);
    /// Fourth argument.
    pub const R4: Self = Self(4);
    /// Fifth argument.
    pub const R5: Self = Self(5);
    /// First register that a call preserves.
    pub const R6: Self = Self(6);
    /// Preserved by calls.
    pub const R7: Self = Self(7);
    /// Preserved by calls.
    pub const R8: Self = Self(8);
    /// Preserved by calls.
    pub const R9: Self = Self(9);
    /// The frame pointer, read-only: the end of the 512 bytes of stack.
    pub const R10: Self = Self(10);
    /// The frame pointer by its other name.
    pub const FP: Self = Self::R10;
    /// The kernel's own scratch register; no program may name it.
    pub const AX: Self = Self(11);

    /// The register with this number; `None` above 15.
    pub const fn new(number: u8) -> Option<Self> {
        if number > 0x0f { None } else { Some(Self(number)) }
    }

    /// The register in the low four bits of a byte.
    pub const fn from_nibble(byte: u8) -> Self {
        Self(byte & 0x0f)
    }

    /// The register's number, 0 to 15.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether a program may name this register (`r0` to `r10`).
    pub const fn is_valid(self) -> bool {
        self.0 <= 10
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

impl fmt::Debug for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
