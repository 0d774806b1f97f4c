//! Mapped memory: the raw thing, whose users decide how it may be touched.
#![allow(unsafe_code)]

use std::os::fd::AsFd;
use std::ptr::NonNull;

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

/// A mapping that is undone when it is dropped.
#[derive(Debug)]
pub(crate) struct Area {
    start: NonNull<u8>,
    len: usize,
}

impl Area {
    /// Maps `len` bytes of `fd` from `offset` on, shared with whoever else has them.
    pub(crate) fn shared(
        fd: impl AsFd,
        offset: usize,
        len: usize,
        writable: bool,
    ) -> Result<Self, Errno> {
        let prot = if writable { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        Self::map(fd, offset, len, prot, MapFlags::SHARED)
    }

    /// Maps the first `len` bytes of `fd` at an address, shared; `EEXIST` if something is there already.
    pub(crate) fn shared_at(
        fd: impl AsFd,
        address: usize,
        len: usize,
        writable: bool,
    ) -> Result<Self, Errno> {
        let prot = if writable { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        let flags = MapFlags::SHARED | MapFlags::FIXED_NOREPLACE;
        let place = std::ptr::with_exposed_provenance_mut(address);
        // SAFETY: the kernel takes the place only if nothing is there, so no memory that is in use changes.
        let start = unsafe { rustix::mm::mmap(place, len, prot, flags, fd, 0) }?;
        NonNull::new(start.cast()).map(|start| Self { start, len }).ok_or(Errno::FAULT)
    }

    /// Maps the first `len` bytes of `fd` for reading.
    pub(crate) fn private(fd: impl AsFd, len: usize) -> Result<Self, Errno> {
        Self::map(fd, 0, len, ProtFlags::READ, MapFlags::PRIVATE)
    }

    fn map(
        fd: impl AsFd,
        offset: usize,
        len: usize,
        prot: ProtFlags,
        flags: MapFlags,
    ) -> Result<Self, Errno> {
        // SAFETY: the kernel chooses the place, so no memory that is in use changes.
        let start =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, prot, flags, fd, offset as u64) }?;
        NonNull::new(start.cast()).map(|start| Self { start, len }).ok_or(Errno::FAULT)
    }

    /// Where it starts: at a page.
    #[inline]
    pub(crate) const fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How long it is.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and everything that borrowed from it has ended.
        let unmapped = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "munmap of a whole mapping does not fail");
    }
}

// SAFETY: a mapping belongs to the process, not to a thread.
unsafe impl Send for Area {}
// SAFETY: the methods give no access; how it may be shared is for those who turn the address into one.
unsafe impl Sync for Area {}

/// The bytes of a page.
pub fn page_size() -> usize {
    rustix::param::page_size()
}
