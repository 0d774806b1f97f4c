//! Pointers of BPF programs.

use std::fmt;
use std::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A pointer to a `T` as a BPF program has it: an address of the kernel's (or of a traced
/// process), which is a number to everybody else.
///
/// Pointers take 8 bytes in BPF programs, whatever the machine.
///
/// # Examples
/// ```
/// use osmia::generated::Ptr;
///
/// let task: Ptr<u32> = Ptr::new(0xffff_8880_0000_1000);
/// assert_eq!(task.address() & 0xfff, 0);
/// assert_eq!(format!("{task:?}"), "0xffff888000001000");
/// ```
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(transparent)]
pub struct Ptr<T: ?Sized>(u64, PhantomData<fn() -> T>);

/// What pointers to functions point to.
#[derive(Debug)]
pub enum Function {}

impl<T: ?Sized> Ptr<T> {
    /// The null pointer.
    pub const NULL: Self = Self::new(0);

    /// The pointer with this address.
    pub const fn new(address: u64) -> Self {
        Self(address, PhantomData)
    }

    /// The address.
    pub const fn address(self) -> u64 {
        self.0
    }

    /// Whether this is the null pointer.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }
}

// Derived ones would ask the same of `T`.
impl<T: ?Sized> Copy for Ptr<T> {}

impl<T: ?Sized> Clone for Ptr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Default for Ptr<T> {
    fn default() -> Self {
        Self::NULL
    }
}

impl<T: ?Sized> PartialEq for Ptr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: ?Sized> Eq for Ptr<T> {}

impl<T: ?Sized> PartialOrd for Ptr<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Ptr<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T: ?Sized> std::hash::Hash for Ptr<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T: ?Sized> fmt::Debug for Ptr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl<T: ?Sized> fmt::LowerHex for Ptr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}
