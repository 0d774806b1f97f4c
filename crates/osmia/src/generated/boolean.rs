//! C's `_Bool`.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A C `bool`: a byte, of which every value but 0 is true.
///
/// Rust's own `bool` may only ever be 0 or 1, which a BPF program does not promise.
/// Two of them are equal if they are both true or both false.
///
/// # Examples
/// ```
/// use osmia::generated::Bool;
///
/// let flag = Bool::from(true);
/// assert!(flag.get());
/// assert_eq!(flag, true);
/// assert_eq!(flag, Bool::from_byte(7));
/// ```
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(transparent)]
pub struct Bool(u8);

impl Bool {
    /// A C `true`.
    pub const TRUE: Self = Self(1);
    /// A C `false`.
    pub const FALSE: Self = Self(0);

    /// The value as Rust's `bool`.
    pub const fn get(self) -> bool {
        self.0 != 0
    }

    /// The value that this byte stands for, kept as it is.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte in memory.
    pub const fn byte(self) -> u8 {
        self.0
    }
}

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Self(u8::from(value))
    }
}

impl From<Bool> for bool {
    fn from(value: Bool) -> Self {
        value.get()
    }
}

impl PartialEq for Bool {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Bool {}

impl PartialEq<bool> for Bool {
    fn eq(&self, other: &bool) -> bool {
        self.get() == *other
    }
}

impl std::hash::Hash for Bool {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl fmt::Debug for Bool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

impl fmt::Display for Bool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}
