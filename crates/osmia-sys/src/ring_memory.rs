//! A BPF ring buffer's memory, and its one consumer.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

use osmia_abi::MapType;
use osmia_abi::flags::{
    BPF_F_RB_OVERWRITE, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ,
};
use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::bpf::Bpf;
use crate::map_fd::MapFd;

/// The bytes of a record's header.
const HEADER: usize = BPF_RINGBUF_HDR_SZ as usize;
/// After how many records the kernel is told that their room is free: telling costs a cache line's trip to the
/// producer, so not after each.
const PUBLISH_EACH: u32 = 64;

/// A ring buffer (`BPF_MAP_TYPE_RINGBUF`) as its consumer sees it.
///
/// Records are borrowed from the mapped memory, without a copy. The kernel leaves a record alone until its room
/// is given back, which happens after it was borrowed: at a later call, or when this is dropped. That holds
/// as long as nobody else consumes the same ring; two consumers of one ring have to be kept apart by their owners.
///
/// # Kernel
///
/// Since 5.8.
#[derive(Debug)]
pub struct RingMemory {
    fd: OwnedFd,
    /// The page that we write: our position.
    consumer: Area,
    /// The page that the kernel writes, and behind it the data, mapped twice in a row so that no record is broken at
    /// the end.
    producer: Area,
    /// Where the data starts in `producer`.
    data_offset: usize,
    /// The bytes of data, a power of two.
    size: usize,
    /// Up to here all is consumed.
    position: usize,
    /// Up to here the kernel has reserved, as far as we know.
    known: usize,
    /// How many records were consumed and not yet given back.
    unpublished: u32,
    /// The position that we have given back last.
    published: usize,
    /// Whether somebody else has moved it since.
    contested: bool,
}

/// The positions of a ring buffer, as `bpf_ringbuf_query` tells them to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingPositions {
    /// The bytes that are reserved and not given back, headers included (`BPF_RB_AVAIL_DATA`).
    pub available: usize,
    /// The bytes of the ring (`BPF_RB_RING_SIZE`).
    pub size: usize,
    /// Up to where the consumer has given room back (`BPF_RB_CONS_POS`).
    pub consumer: usize,
    /// Up to where producers have reserved (`BPF_RB_PROD_POS`).
    pub producer: usize,
}

/// A submitted record: its place in the data, its bytes, and its bytes with the header, rounded up.
struct Head {
    at: usize,
    len: usize,
    room: usize,
}

impl RingMemory {
    /// Maps a ring buffer, and goes on where its last consumer left off.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the map is not a ring buffer; `EOPNOTSUPP` if it overwrites its oldest records, which then cannot
    /// be borrowed; `EPERM` if the descriptor is read-only.
    pub fn new(bpf: &Bpf, map: &MapFd) -> Result<Self, Errno> {
        if map.shape().map_type() != MapType::RINGBUF {
            return Err(Errno::INVAL);
        }
        let info = bpf.map_info(map)?;
        if info.map_flags & BPF_F_RB_OVERWRITE != 0 {
            return Err(Errno::OPNOTSUPP);
        }
        let (page, size) = (page_size(), info.max_entries as usize);
        let whole = size.checked_mul(2).and_then(|data| data.checked_add(page));
        let whole = whole.filter(|_| size.is_power_of_two()).ok_or(Errno::INVAL)?;
        let consumer = Area::shared(map, 0, page, true)?;
        let producer = Area::shared(map, page, whole, false)?;
        let fd = rustix::io::fcntl_dupfd_cloexec(map, 0)?;
        let mut ring = Self {
            fd,
            consumer,
            producer,
            data_offset: page,
            size,
            position: 0,
            known: 0,
            unpublished: 0,
            published: 0,
            contested: false,
        };
        ring.resume(ring.consumer_position().load(Ordering::Acquire));
        Ok(ring)
    }

    /// The next record, which was submitted whole; nothing if there is none now, or if the next one is still being
    /// written. Records that were discarded are skipped.
    ///
    /// # Errors
    ///
    /// `EBADMSG` if the ring says what cannot be; `EBUSY` if another process has read records since: what it has given
    /// back is passed over, and the next call goes on behind it.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, Errno> {
        let Some(head) = self.head()? else { return Ok(None) };
        self.pass(head.room);
        // SAFETY: the head's room is at most `size`, as is its place, so the record lies within the data, which
        // is mapped twice. It is submitted and not given back, so the kernel does not write to it; giving back
        // takes `self` mutably, and so waits for the end of this borrow.
        Ok(Some(unsafe { std::slice::from_raw_parts(self.data(head.at + HEADER), head.len) }))
    }

    /// Whether [`RingMemory::next_record`] would return a record now.
    ///
    /// # Errors
    ///
    /// As for [`RingMemory::next_record`].
    #[inline]
    pub fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(self.head()?.is_some())
    }

    /// The next record that was submitted; those that were discarded are passed over.
    #[inline]
    fn head(&mut self) -> Result<Option<Head>, Errno> {
        if self.unpublished >= PUBLISH_EACH {
            self.publish();
        }
        if self.contested {
            return Err(self.concede());
        }
        loop {
            if self.position == self.known && !self.look_for_more()? {
                return Ok(None);
            }
            // Within the ring: `position` is a multiple of 8, as the kernel rounds records up.
            let at = self.position & (self.size - 1);
            let header = self.header(at).load(Ordering::Acquire);
            if header & BPF_RINGBUF_BUSY_BIT != 0 {
                if self.is_still_busy(at)? {
                    return Ok(None);
                }
                continue;
            }
            let len = (header & !BPF_RINGBUF_DISCARD_BIT) as usize;
            let room = (len + HEADER).next_multiple_of(8);
            if room > self.known.wrapping_sub(self.position) {
                return Err(Errno::BADMSG);
            }
            if header & BPF_RINGBUF_DISCARD_BIT == 0 {
                return Ok(Some(Head { at, len, room }));
            }
            self.pass(room);
        }
    }

    /// Takes the room at our position for consumed.
    #[inline]
    fn pass(&mut self, room: usize) {
        self.position = self.position.wrapping_add(room);
        self.unpublished += 1;
    }

    /// Gives back the room of all records that were consumed, which else happens now and then and whenever the ring
    /// is found to be empty.
    #[inline]
    pub fn publish(&mut self) {
        if self.unpublished > 0 {
            self.unpublished = 0;
            // A position that others have moved must not be moved back: records would be read again that the kernel
            // has overwritten meanwhile.
            let (from, to) = (self.published, self.position);
            let position = self.consumer_position();
            match position.compare_exchange(from, to, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => self.published = to,
                Err(_) => self.contested = true,
            }
        }
    }

    /// Goes on behind what others have consumed.
    #[cold]
    fn concede(&mut self) -> Errno {
        let position = self.consumer_position().load(Ordering::Acquire);
        self.resume(position);
        Errno::BUSY
    }

    fn resume(&mut self, position: usize) {
        (self.position, self.known, self.published) = (position, position, position);
        (self.unpublished, self.contested) = (0, false);
    }

    /// Where producers and consumer stand. Room that is not yet given back counts as available data.
    pub fn positions(&self) -> RingPositions {
        let consumer = self.consumer_position().load(Ordering::Acquire);
        let producer = self.producer_position().load(Ordering::Acquire);
        let available = producer.wrapping_sub(consumer);
        RingPositions { available, size: self.size, consumer, producer }
    }

    /// Whether the kernel has reserved records beyond those we know of.
    #[cold]
    #[inline(never)]
    fn look_for_more(&mut self) -> Result<bool, Errno> {
        self.known = self.producer_position().load(Ordering::Acquire);
        if self.known == self.position {
            self.catch_up()?;
            self.known = self.producer_position().load(Ordering::Acquire);
        }
        if self.known.wrapping_sub(self.position) > self.size || self.position % 8 != 0 {
            self.known = self.position;
            return Err(Errno::BADMSG);
        }
        Ok(self.known != self.position)
    }

    /// Whether the record at `at` is being written even after we have caught up with it.
    #[cold]
    #[inline(never)]
    fn is_still_busy(&mut self, at: usize) -> Result<bool, Errno> {
        self.catch_up()?;
        Ok(self.header(at).load(Ordering::Acquire) & BPF_RINGBUF_BUSY_BIT != 0)
    }

    /// Gives all room back, before the last look that precedes a wait. The kernel wakes a consumer only when a
    /// record is submitted that the consumer has caught up with: it submits, then looks at our position. So we
    /// store our position, then look for submitted records, and one of both sees the other.
    fn catch_up(&mut self) -> Result<(), Errno> {
        self.publish();
        fence(Ordering::SeqCst);
        let there = self.consumer_position().load(Ordering::Relaxed);
        if self.contested || there != self.published { Err(self.concede()) } else { Ok(()) }
    }

    fn consumer_position(&self) -> &AtomicUsize {
        // SAFETY: it is the first word of a page that we may write, and all access to it is atomic.
        unsafe { AtomicUsize::from_ptr(self.consumer.start().as_ptr().cast()) }
    }

    fn producer_position(&self) -> &AtomicUsize {
        // SAFETY: it is the first word of a page that we may read, and only loaded.
        unsafe { AtomicUsize::from_ptr(self.producer.start().as_ptr().cast()) }
    }

    /// The first half of the header at `at`, which must be a multiple of 8 below `size`.
    #[inline]
    fn header(&self, at: usize) -> &AtomicU32 {
        // SAFETY: it lies within the data and is aligned; it is only loaded.
        unsafe { AtomicU32::from_ptr(self.data(at).cast_mut().cast()) }
    }

    /// The address of a byte of data; `at` must be at most twice `size`.
    #[inline]
    fn data(&self, at: usize) -> *const u8 {
        // SAFETY: the mapping holds that much behind `data_offset`.
        unsafe { self.producer.start().as_ptr().add(self.data_offset + at) }
    }
}

impl AsFd for RingMemory {
    /// Readable when there are records.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for RingMemory {
    fn drop(&mut self) {
        self.publish();
    }
}
