//! Ids and offsets as types of their own, so that they cannot be mixed up.

use std::fmt;

/// The number of a type in a BTF; 0 is `void`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The id of `void`.
    pub const VOID: Self = Self(0);

    /// Whether this is `void`.
    pub const fn is_void(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// An offset into a BTF's string section; 0 is the empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StrOff(pub u32);

/// An offset or a size counted in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bits(pub u32);

impl Bits {
    /// The whole bytes in front of this bit.
    pub const fn byte(self) -> u32 {
        self.0 / 8
    }

    /// Whether this lies on a byte's border.
    pub const fn is_byte_aligned(self) -> bool {
        self.0 % 8 == 0
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_byte_aligned() {
            write!(f, "{}", self.byte())
        } else {
            write!(f, "{}:{}", self.byte(), self.0 % 8)
        }
    }
}
