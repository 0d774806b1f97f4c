//! Memory of a map that programs, other processes and this one use at the same time.
#![allow(unsafe_code)]

use std::os::fd::AsFd as _;
use std::sync::atomic::Ordering::Relaxed;

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_MMAPABLE;
use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::map_fd::MapFd;
use crate::scalar::{Atomic, Scalar};

/// The mapped values of an array map: global variables, above all.
///
/// Others write to it at any moment, so no reference to it is given out but those of atomics. Scalars are loaded and
/// stored whole; longer values are copied word by word, and a copy that runs into a writer may hold some of the old words
/// and some of the new.
#[derive(Debug)]
pub struct SharedMemory {
    area: Area,
    writable: bool,
}

macro_rules! scalar {
    ($load:ident, $store:ident, $int:ident) => {
        /// Loads a whole number in the machine's byte order.
        ///
        /// # Errors
        ///
        /// `EFAULT` beyond the end, `EINVAL` if the offset is not a multiple of the size.
        #[inline]
        pub fn $load(&self, offset: usize) -> Result<$int, Errno> {
            Ok(self.at::<<$int as Scalar>::Atomic>(offset)?.load(Relaxed))
        }

        /// Stores a whole number in the machine's byte order.
        ///
        /// # Errors
        ///
        /// As for loads, and `EACCES` if the memory is mapped for reading only.
        #[inline]
        pub fn $store(&self, offset: usize, value: $int) -> Result<(), Errno> {
            self.atomic::<$int>(offset)?.store(value, Relaxed);
            Ok(())
        }
    };
}

impl SharedMemory {
    /// Maps the first `len` bytes of an array map or an arena that was created with `BPF_F_MMAPABLE`, rounded up to
    /// pages.
    ///
    /// # Kernel
    ///
    /// Since 5.5; arenas since 6.9.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the map is not of that kind or shorter; `EPERM` if it is frozen and `writable`.
    pub fn map(map: &MapFd, len: usize, writable: bool) -> Result<Self, Errno> {
        let mappable = matches!(map.shape().map_type(), MapType::ARRAY | MapType::ARENA);
        if !mappable || map.map_flags() & BPF_F_MMAPABLE == 0 || len == 0 {
            return Err(Errno::INVAL);
        }
        let len = len.checked_next_multiple_of(page_size()).ok_or(Errno::INVAL)?;
        let area = Area::shared(map.as_fd(), 0, len, writable)?;
        Ok(Self { area, writable })
    }

    /// Maps an arena that was created for this address (`map_extra`).
    ///
    /// # Kernel
    ///
    /// Since 6.9.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the map is no arena or was made for another address; `EEXIST` if something is there in this
    /// process.
    pub fn map_at(map: &MapFd, address: usize, len: usize) -> Result<Self, Errno> {
        if map.shape().map_type() != MapType::ARENA || len == 0 || address == 0 {
            return Err(Errno::INVAL);
        }
        let len = len.checked_next_multiple_of(page_size()).ok_or(Errno::INVAL)?;
        let area = Area::shared_at(map.as_fd(), address, len, true)?;
        Ok(Self { area, writable: true })
    }

    /// How many bytes are mapped: whole pages.
    #[inline]
    pub const fn len(&self) -> usize {
        self.area.len()
    }

    /// Whether nothing is mapped, which is never so.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether stores are possible.
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    scalar!(load_u8, store_u8, u8);
    scalar!(load_u16, store_u16, u16);
    scalar!(load_u32, store_u32, u32);
    scalar!(load_u64, store_u64, u64);

    /// A whole number in the memory, to be changed together with programs that use atomic instructions on it.
    ///
    /// # Errors
    ///
    /// As for loads, and `EACCES` if the memory is mapped for reading only.
    #[inline]
    pub fn atomic<T: Scalar>(&self, offset: usize) -> Result<&T::Atomic, Errno> {
        self.require_writable()?;
        self.at(offset)
    }

    /// The same, of which memory that is mapped for reading only allows loads.
    #[inline]
    fn at<A: Atomic>(&self, offset: usize) -> Result<&A, Errno> {
        let size = size_of::<A>();
        if offset.checked_next_multiple_of(size) != Some(offset) {
            return Err(Errno::INVAL);
        }
        if !self.holds(offset, size) {
            return Err(Errno::FAULT);
        }
        // SAFETY: it lies within the mapping, which lives as long as `self` and starts at a page, so it is aligned. All
        // our accesses to the mapping are atomic ones, and on memory mapped for reading only they are loads of at most a
        // word.
        Ok(unsafe { A::from_place(self.area.start().as_ptr().add(offset)) })
    }

    /// Copies bytes out.
    ///
    /// # Errors
    ///
    /// `EFAULT` beyond the end.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), Errno> {
        if !self.holds(offset, out.len()) {
            return Err(Errno::FAULT);
        }
        let lead = lead(offset, out.len());
        let (head, rest) = out.split_at_mut(lead);
        self.read_bytes(offset, head)?;
        let mut at = offset + lead;
        let mut words = rest.chunks_exact_mut(8);
        for word in &mut words {
            word.copy_from_slice(&self.load_u64(at)?.to_ne_bytes());
            at += 8;
        }
        self.read_bytes(at, words.into_remainder())
    }

    /// Copies bytes in.
    ///
    /// # Errors
    ///
    /// `EFAULT` beyond the end, `EACCES` if the memory is mapped for reading only.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.require_writable()?;
        if !self.holds(offset, bytes.len()) {
            return Err(Errno::FAULT);
        }
        let (head, rest) = bytes.split_at(lead(offset, bytes.len()));
        self.write_bytes(offset, head)?;
        let mut at = offset + head.len();
        let words = rest.chunks_exact(8);
        let tail = words.remainder();
        for word in words {
            let word = word.try_into().map_err(|_| Errno::FAULT)?;
            self.store_u64(at, u64::from_ne_bytes(word))?;
            at += 8;
        }
        self.write_bytes(at, tail)
    }

    fn read_bytes(&self, offset: usize, out: &mut [u8]) -> Result<(), Errno> {
        for (at, byte) in (offset..).zip(out) {
            *byte = self.load_u8(at)?;
        }
        Ok(())
    }

    fn write_bytes(&self, offset: usize, bytes: &[u8]) -> Result<(), Errno> {
        for (at, byte) in (offset..).zip(bytes) {
            self.store_u8(at, *byte)?;
        }
        Ok(())
    }

    #[inline]
    fn holds(&self, offset: usize, len: usize) -> bool {
        offset.checked_add(len).is_some_and(|end| end <= self.area.len())
    }

    #[inline]
    fn require_writable(&self) -> Result<(), Errno> {
        if self.writable { Ok(()) } else { Err(Errno::ACCESS) }
    }
}

/// How many of `len` bytes come before the first whole word.
fn lead(offset: usize, len: usize) -> usize {
    (offset.next_multiple_of(8) - offset).min(len)
}
