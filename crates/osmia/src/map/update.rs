//! How an element is written, and what became of it.

use std::ops::BitOr;

use osmia_abi::flags::{BPF_ANY, BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST};

/// Under which condition an element is written.
///
/// The set is open: kernels add flags, and `UpdateFlags(bits)` takes any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct UpdateFlags(pub u64);

impl UpdateFlags {
    /// Whether the key is there or not (`BPF_ANY`).
    pub const ANY: Self = Self(BPF_ANY);
    /// Only if the key is not there (`BPF_NOEXIST`).
    pub const NOEXIST: Self = Self(BPF_NOEXIST);
    /// Only if the key is there (`BPF_EXIST`).
    pub const EXIST: Self = Self(BPF_EXIST);
    /// Under the spin lock in the value (`BPF_F_LOCK`).
    pub const LOCK: Self = Self(BPF_F_LOCK);

    /// The part that is the condition.
    pub(crate) const fn condition(self) -> u64 {
        self.0 & (BPF_NOEXIST | BPF_EXIST)
    }
}

impl BitOr for UpdateFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Updated {
    /// The key was not there.
    Inserted,
    /// The key was there with another value.
    Replaced,
    /// One of both; the kernel does not tell under [`UpdateFlags::ANY`].
    Either,
}
