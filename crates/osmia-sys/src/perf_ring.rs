//! The ring of a perf event, and its one consumer.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::perf_output::PerfOutput;

/// Where the positions are in the first page (`struct perf_event_mmap_page`).
pub(crate) const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;
/// The bytes of a record's header: type, flags, size.
pub(crate) const HEADER: usize = 8;
/// `PERF_RECORD_LOST`.
const LOST: u32 = 2;
/// `PERF_RECORD_SAMPLE`.
pub(crate) const SAMPLE: u32 = 9;
/// After how many records the kernel is told that their room is free.
const PUBLISH_EACH: u32 = 64;

/// The ring that a [`PerfOutput`] writes to, as its consumer sees it.
///
/// Samples are borrowed from the mapped memory, unless they are broken at its end. The kernel leaves a record alone
/// until its room is given back, which happens after it was borrowed: at a later call.
#[derive(Debug)]
pub struct PerfRing {
    output: PerfOutput,
    area: Area,
    /// The bytes of data behind the first page, a power of two.
    size: usize,
    /// Up to here all is consumed.
    tail: u64,
    /// Up to here the kernel has written, as far as we know.
    known: u64,
    /// How many records were consumed and not yet given back.
    unpublished: u32,
    lost: u64,
    untold: u64,
    /// A sample that was broken at the end, put together.
    whole: Vec<u8>,
}

/// The record at our position.
struct Record {
    kind: u32,
    /// Where it is in the data.
    at: usize,
    /// Its bytes with the header.
    size: usize,
}

impl PerfRing {
    /// Maps a ring of so many pages, a power of two.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no power of two; `EPERM` if more memory would be locked than is allowed.
    pub fn new(output: PerfOutput, pages: usize) -> Result<Self, Errno> {
        let (area, size) = map(&output, pages, true)?;
        Ok(Self {
            output,
            area,
            size,
            tail: 0,
            known: 0,
            unpublished: 0,
            lost: 0,
            untold: 0,
            whole: Vec::new(),
        })
    }

    /// The next sample, if there is one: what the program wrote, and up to 7 bytes that make the record's length a
    /// multiple of 8. Records of lost samples are counted.
    ///
    /// # Errors
    ///
    /// `EBADMSG` if the ring says what cannot be.
    #[inline]
    pub fn next_sample(&mut self) -> Result<Option<&[u8]>, Errno> {
        self.next_fields()?.map(raw).transpose()
    }

    /// The next sample's fields as its event's `sample_type` orders them, if there is one: for events that are not
    /// written to by programs.
    ///
    /// # Errors
    ///
    /// As for [`PerfRing::next_sample`].
    #[inline]
    pub fn next_fields(&mut self) -> Result<Option<&[u8]>, Errno> {
        let Some(record) = self.sample()? else { return Ok(None) };
        self.pass(&record);
        let start = record.at + HEADER;
        let len = record.size - HEADER;
        let (near, far) = (len.min(self.size - start.min(self.size)), self.size);
        // SAFETY: the record lies within the data, which ends `far` bytes behind its start, and the kernel does
        // not write to it until its room is given back, which takes `self` mutably.
        let body = unsafe { std::slice::from_raw_parts(self.data(start.min(far)), near) };
        let body = if near == len {
            body
        } else {
            self.whole.clear();
            self.whole.extend_from_slice(body);
            // SAFETY: likewise; the rest is at the start of the data, and shorter than the data.
            let rest = unsafe { std::slice::from_raw_parts(self.data(0), len - near) };
            self.whole.extend_from_slice(rest);
            &self.whole
        };
        Ok(Some(body))
    }

    /// Whether [`PerfRing::next_sample`] would return a sample now.
    ///
    /// # Errors
    ///
    /// As for [`PerfRing::next_sample`].
    #[inline]
    pub fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(self.sample()?.is_some())
    }

    /// How many samples the kernel has lost for want of room. Before 6.0 it tells of them only when it has room
    /// again, with the next sample; what it has not told of is not counted then.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn lost(&self) -> Result<u64, Errno> {
        Ok(self.output.lost()?.unwrap_or(self.lost).max(self.lost))
    }

    /// How many lost samples were told of in the ring since this was asked last, up to the next sample.
    #[inline]
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.untold)
    }

    /// The bytes of the ring that the kernel has written and we have not read.
    pub fn available(&self) -> usize {
        self.word(DATA_HEAD).load(Ordering::Acquire).wrapping_sub(self.tail) as usize
    }

    /// The bytes of the ring.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Gives back the room of all records that were consumed.
    #[inline]
    pub fn publish(&mut self) {
        if self.unpublished > 0 {
            self.word(DATA_TAIL).store(self.tail, Ordering::Release);
            self.unpublished = 0;
        }
    }

    /// The next record that is a sample; others are passed over.
    #[inline]
    fn sample(&mut self) -> Result<Option<Record>, Errno> {
        if self.unpublished >= PUBLISH_EACH {
            self.publish();
        }
        loop {
            if self.tail == self.known && !self.look_for_more()? {
                return Ok(None);
            }
            let record = self.record()?;
            match record.kind {
                SAMPLE => return Ok(Some(record)),
                LOST => self.count_lost(&record)?,
                _ => {}
            }
            self.pass(&record);
        }
    }

    #[inline]
    fn pass(&mut self, record: &Record) {
        self.tail = self.tail.wrapping_add(record.size as u64);
        self.unpublished += 1;
    }

    #[inline]
    fn record(&self) -> Result<Record, Errno> {
        // Records are multiples of 8 bytes, as is the data, so that no header is broken.
        let at = self.tail as usize & (self.size - 1);
        let header = self.word(page_size() + at).load(Ordering::Relaxed).to_ne_bytes();
        let [k0, k1, k2, k3, _, _, s0, s1] = header;
        let size = usize::from(u16::from_ne_bytes([s0, s1]));
        let there = self.known.wrapping_sub(self.tail);
        if size < HEADER || size % 8 != 0 || size as u64 > there {
            return Err(Errno::BADMSG);
        }
        Ok(Record { kind: u32::from_ne_bytes([k0, k1, k2, k3]), at, size })
    }

    /// A record of lost samples: the event's id and how many they are.
    #[cold]
    fn count_lost(&mut self, record: &Record) -> Result<(), Errno> {
        if record.size < HEADER + 16 {
            return Err(Errno::BADMSG);
        }
        let at = (record.at + HEADER + 8) & (self.size - 1);
        let lost = self.word(page_size() + at).load(Ordering::Relaxed);
        self.lost = self.lost.saturating_add(lost);
        self.untold = self.untold.saturating_add(lost);
        Ok(())
    }

    /// Whether the kernel has written records beyond those we know of.
    #[cold]
    #[inline(never)]
    fn look_for_more(&mut self) -> Result<bool, Errno> {
        self.publish();
        self.known = self.word(DATA_HEAD).load(Ordering::Acquire);
        let there = self.known.wrapping_sub(self.tail);
        if there > self.size as u64 || there % 8 != 0 {
            self.known = self.tail;
            return Err(Errno::BADMSG);
        }
        Ok(there != 0)
    }

    /// A word of the mapping; `at` must be a multiple of 8 below the end.
    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        word(&self.area, at)
    }

    /// The address of a byte of data; `at` must be at most `size`.
    #[inline]
    fn data(&self, at: usize) -> *const u8 {
        // SAFETY: the mapping holds that much behind its first page.
        unsafe { self.area.start().as_ptr().add(page_size() + at) }
    }
}

impl AsFd for PerfRing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}

/// A raw sample: its length in 4 bytes, and the bytes.
#[inline]
pub(crate) fn raw(body: &[u8]) -> Result<&[u8], Errno> {
    let (len, rest) = body.split_first_chunk::<4>().ok_or(Errno::BADMSG)?;
    rest.get(..u32::from_ne_bytes(*len) as usize).ok_or(Errno::BADMSG)
}

/// Maps the ring of an event: a page of positions, and so many pages of data, whose bytes are returned too.
pub(crate) fn map(
    output: &PerfOutput,
    pages: usize,
    writable: bool,
) -> Result<(Area, usize), Errno> {
    let size = pages.checked_mul(page_size()).filter(|_| pages.is_power_of_two());
    let size = size.ok_or(Errno::INVAL)?;
    let whole = size.checked_add(page_size()).ok_or(Errno::INVAL)?;
    Ok((Area::shared(output, 0, whole, writable)?, size))
}

/// A word of a ring's mapping; `at` must be a multiple of 8 below the end.
#[inline]
pub(crate) fn word(area: &Area, at: usize) -> &AtomicU64 {
    debug_assert!(at % 8 == 0 && at < area.len());
    // SAFETY: it lies within the mapping and is aligned. Where the mapping is read-only it is only loaded.
    unsafe { AtomicU64::from_ptr(area.start().as_ptr().add(at).cast()) }
}
