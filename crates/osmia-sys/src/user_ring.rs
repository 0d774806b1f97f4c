//! A ring buffer that this process fills and BPF programs drain.
#![allow(unsafe_code)]

use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use osmia_abi::MapType;
use osmia_abi::flags::{BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::bpf::Bpf;
use crate::map_fd::MapFd;

/// The bytes of a record's header.
const HEADER: usize = BPF_RINGBUF_HDR_SZ as usize;

/// A ring buffer for programs (`BPF_MAP_TYPE_USER_RINGBUF`) as its producer sees it.
///
/// Two producers of one ring have to be kept apart by their owners.
///
/// # Kernel
///
/// Since 6.1.
#[derive(Debug)]
pub struct UserRing {
    fd: OwnedFd,
    /// Tells when a program has drained something.
    drained: OwnedFd,
    /// The page that the kernel writes: up to where it has drained.
    consumer: Area,
    /// The page that we write, and behind it the data, mapped twice in a row so that no record is broken at the
    /// end.
    producer: Area,
    /// The bytes of data, a power of two.
    size: usize,
    /// Up to here we have reserved.
    position: usize,
}

/// Room for a record. Dropping it discards it.
#[derive(Debug)]
pub struct UserRecord<'a> {
    ring: &'a mut UserRing,
    /// The place of its header in the data.
    at: usize,
    len: u32,
    submitted: bool,
}

impl UserRing {
    /// Maps a ring buffer, and goes on where its last producer left off.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the map is not a ring buffer for programs; `EPERM` if the descriptor is read-only.
    pub fn new(bpf: &Bpf, map: &MapFd) -> Result<Self, Errno> {
        if map.shape().map_type() != MapType::USER_RINGBUF {
            return Err(Errno::INVAL);
        }
        let (page, size) = (page_size(), bpf.map_info(map)?.max_entries as usize);
        let whole = size.checked_mul(2).and_then(|data| data.checked_add(page));
        let whole = whole.filter(|_| size.is_power_of_two()).ok_or(Errno::INVAL)?;
        let consumer = Area::shared(map, 0, page, false)?;
        let producer = Area::shared(map, page, whole, true)?;
        let drained = epoll::create(CreateFlags::CLOEXEC)?;
        // By edges: the descriptor is writable while any room is left, be it too little.
        epoll::add(&drained, map, EventData::new_u64(0), EventFlags::OUT | EventFlags::ET)?;
        let fd = rustix::io::fcntl_dupfd_cloexec(map, 0)?;
        let mut ring = Self { fd, drained, consumer, producer, size, position: 0 };
        ring.position = ring.producer_position().load(Ordering::Acquire);
        Ok(ring)
    }

    /// Room for a record of so many bytes; nothing if there is none now. Its bytes are what was there before.
    ///
    /// # Errors
    ///
    /// `E2BIG` if the ring is smaller; `EBADMSG` if the ring says what cannot be.
    pub fn reserve(&mut self, len: usize) -> Result<Option<UserRecord<'_>>, Errno> {
        if !self.has_room(len)? {
            return Ok(None);
        }
        let len = u32::try_from(len).map_err(|_| Errno::TOOBIG)?;
        let room = (len as usize + HEADER).next_multiple_of(8);
        let at = self.position & (self.size - 1);
        self.header(at + 4).store(0, Ordering::Relaxed);
        self.header(at).store(len | BPF_RINGBUF_BUSY_BIT, Ordering::Relaxed);
        self.position = self.position.wrapping_add(room);
        self.producer_position().store(self.position, Ordering::Release);
        Ok(Some(UserRecord { ring: self, at, len, submitted: false }))
    }

    /// Whether there is room for a record of so many bytes now.
    ///
    /// # Errors
    ///
    /// As for [`UserRing::reserve`].
    pub fn has_room(&self, len: usize) -> Result<bool, Errno> {
        let room = len.checked_add(HEADER).and_then(|room| room.checked_next_multiple_of(8));
        let room = room.filter(|&room| room <= self.size).ok_or(Errno::TOOBIG)?;
        if len >= BPF_RINGBUF_DISCARD_BIT as usize {
            return Err(Errno::TOOBIG);
        }
        let used = self.used();
        if used > self.size || self.position % 8 != 0 {
            return Err(Errno::BADMSG);
        }
        Ok(self.size - used >= room)
    }

    /// Waits until a program has drained something since the last such wait, at most this long, or for ever. Says
    /// whether one has; a signal ends the wait early.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool, Errno> {
        let timeout: Option<Timespec> =
            timeout.map(|timeout| timeout.try_into().map_err(|_| Errno::INVAL)).transpose()?;
        let mut events = Vec::with_capacity(1);
        let buffer = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.drained, buffer, timeout.as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    /// The bytes that are reserved or submitted and not drained, headers included.
    pub fn used(&self) -> usize {
        // SAFETY: it is the first word of a page that we may read, and only loaded.
        let drained = unsafe { AtomicUsize::from_ptr(self.consumer.start().as_ptr().cast()) };
        self.position.wrapping_sub(drained.load(Ordering::Acquire))
    }

    /// The bytes of the ring.
    pub const fn size(&self) -> usize {
        self.size
    }

    fn producer_position(&self) -> &AtomicUsize {
        // SAFETY: it is the first word of a page that we may write, and all access to it is atomic.
        unsafe { AtomicUsize::from_ptr(self.producer.start().as_ptr().cast()) }
    }

    /// A half of a header, at a multiple of 4 below `size`.
    fn header(&self, at: usize) -> &AtomicU32 {
        // SAFETY: it lies within the data and is aligned, and all access to it is atomic.
        unsafe { AtomicU32::from_ptr(self.data(at).cast()) }
    }

    /// The address of a byte of data; `at` must be at most twice `size`.
    fn data(&self, at: usize) -> *mut u8 {
        // SAFETY: the mapping holds that much behind its first page.
        unsafe { self.producer.start().as_ptr().add(page_size() + at) }
    }
}

impl AsFd for UserRing {
    /// Writable while there is room.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl UserRecord<'_> {
    /// Hands the record to the programs.
    pub fn submit(mut self) {
        self.submitted = true;
    }

    /// Gives it up: programs never see it.
    pub fn discard(self) {}
}

impl Deref for UserRecord<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: as for `deref_mut`, and this is shared only with other readers.
        unsafe { std::slice::from_raw_parts(self.ring.data(self.at + HEADER), self.len as usize) }
    }
}

impl DerefMut for UserRecord<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let start = self.ring.data(self.at + HEADER);
        // SAFETY: header and record are at most `size` long and begin below `size`, so they lie within the data,
        // which is mapped twice. They are reserved and busy: the kernel reads them only after they are
        // submitted, nobody else is given that room, and we hold the ring mutably.
        unsafe { std::slice::from_raw_parts_mut(start, self.len as usize) }
    }
}

impl Drop for UserRecord<'_> {
    fn drop(&mut self) {
        let discarded = if self.submitted { 0 } else { BPF_RINGBUF_DISCARD_BIT };
        self.ring.header(self.at).store(self.len | discarded, Ordering::Release);
    }
}
