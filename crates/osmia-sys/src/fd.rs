//! File descriptors in attributes.
//!
//! All of this borrows: an owned descriptor that was taken by value would be closed before the call is made.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

/// The number the kernel takes in an unsigned field; no open descriptor is negative.
pub(crate) fn raw(fd: &impl AsFd) -> u32 {
    u32::try_from(fd.as_fd().as_raw_fd()).unwrap_or(u32::MAX)
}

/// The same for a field where 0 means none.
pub(crate) fn raw_or_zero(fd: Option<BorrowedFd<'_>>) -> u32 {
    fd.map_or(0, |fd| raw(&fd))
}

/// The same for a signed field where 0 means none.
pub(crate) fn signed_or_zero(fd: Option<BorrowedFd<'_>>) -> i32 {
    fd.map_or(0, |fd| fd.as_raw_fd())
}
