//! Numbers that memory shared with programs holds.
#![allow(unsafe_code)]

use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};

pub(crate) use sealed::Atomic;

/// An integer that is read and written whole, and the atomic type of the same size: `u64` and
/// [`AtomicU64`](std::sync::atomic::AtomicU64).
pub trait Scalar: Copy + sealed::Sealed {
    /// The atomic type.
    type Atomic: Atomic;
}

mod sealed {
    pub trait Sealed {}

    /// An atomic type of the standard library's.
    pub trait Atomic: Sync + 'static {
        /// The atomic at a place in memory.
        ///
        /// # Safety
        ///
        /// As for `AtomicU64::from_ptr` and its like.
        unsafe fn from_place<'a>(place: *mut u8) -> &'a Self;
    }
}

macro_rules! scalars {
    ($($int:ident $atomic:ident;)*) => {$(
        impl sealed::Sealed for $int {}

        impl Scalar for $int {
            type Atomic = $atomic;
        }

        impl Atomic for $atomic {
            #[inline]
            unsafe fn from_place<'a>(place: *mut u8) -> &'a Self {
                // SAFETY: the caller keeps to the same conditions.
                unsafe { $atomic::from_ptr(place.cast()) }
            }
        }
    )*};
}

scalars! {
    u8 AtomicU8;
    u16 AtomicU16;
    u32 AtomicU32;
    u64 AtomicU64;
    i8 AtomicI8;
    i16 AtomicI16;
    i32 AtomicI32;
    i64 AtomicI64;
}
