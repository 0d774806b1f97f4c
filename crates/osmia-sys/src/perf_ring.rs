//! The ring of a perf event that programs write to (`bpf_perf_event_output`).
#![allow(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::perf_event::{PerfEvent, PerfFd, PerfSampling, PerfTarget};

/// `PERF_COUNT_SW_BPF_OUTPUT` and `PERF_SAMPLE_RAW`.
const BPF_OUTPUT: u64 = 10;
const SAMPLE_RAW: u64 = 1 << 10;
/// Where the first page tells up to where the kernel has written, and we have read.
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;
/// Kinds of records, and the bytes of their header.
const RECORD_LOST: u32 = 2;
const RECORD_SAMPLE: u32 = 9;
const HEADER: usize = 8;

/// What a program wrote on one CPU, in a perf event array's slot for it.
///
/// # Kernel
///
/// Since 4.4.
#[derive(Debug)]
pub struct PerfRing {
    event: PerfFd,
    /// The page of positions, and behind it the data.
    area: Area,
    page: usize,
    /// The bytes of data, a power of two.
    size: usize,
    tail: u64,
    /// The record that was read last.
    record: Vec<u8>,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerfRecord<'a> {
    /// What a program wrote, and up to seven bytes that pad it.
    Sample(&'a [u8]),
    /// How many records there was no room for.
    Lost(u64),
}

impl PerfRing {
    /// Opens the ring of a CPU with so many pages of data, a power of two. Its descriptor goes into the array's slot.
    ///
    /// # Errors
    ///
    /// `EACCES` or `EPERM` without `CAP_PERFMON`, `ENODEV` if the CPU is not online, `EINVAL` if `pages` is no power of
    /// two.
    pub fn open(cpu: u32, pages: usize) -> Result<Self, Errno> {
        let event = PerfEvent::Software { config: BPF_OUTPUT };
        let sampling = PerfSampling {
            period: 1,
            sample_type: SAMPLE_RAW,
            wakeup: 1,
            ..PerfSampling::default()
        };
        let event = PerfFd::open(&event, PerfTarget::Cpu(cpu), &sampling)?;
        let page = page_size();
        let size =
            pages.checked_mul(page).filter(|_| pages.is_power_of_two()).ok_or(Errno::INVAL)?;
        let area = Area::shared(&event, 0, size.checked_add(page).ok_or(Errno::INVAL)?, true)?;
        event.enable()?;
        Ok(Self { event, area, page, size, tail: 0, record: Vec::new() })
    }

    /// The next record, if there is one; those of other kinds are passed over.
    ///
    /// # Errors
    ///
    /// `EBADMSG` if the ring says what cannot be.
    pub fn next_record(&mut self) -> Result<Option<PerfRecord<'_>>, Errno> {
        loop {
            let head = self.position(DATA_HEAD).load(Ordering::Acquire);
            let left = head.wrapping_sub(self.tail);
            if left == 0 {
                return Ok(None);
            }
            if left > self.size as u64 || left < HEADER as u64 {
                return Err(Errno::BADMSG);
            }
            let header: [u8; HEADER] = self.copy(HEADER)?.try_into().map_err(|_| Errno::BADMSG)?;
            let [k0, k1, k2, k3, _, _, l0, l1] = header;
            let kind = u32::from_ne_bytes([k0, k1, k2, k3]);
            let len = usize::from(u16::from_ne_bytes([l0, l1]));
            if len < HEADER || len as u64 > left {
                return Err(Errno::BADMSG);
            }
            self.record = self.copy(len)?;
            self.tail = self.tail.wrapping_add(len as u64);
            self.position(DATA_TAIL).store(self.tail, Ordering::Release);
            match kind {
                RECORD_SAMPLE => {
                    let body = self.record.get(HEADER..).unwrap_or_default();
                    let (size, data) = body.split_first_chunk::<4>().ok_or(Errno::BADMSG)?;
                    let size = u32::from_ne_bytes(*size) as usize;
                    return data
                        .get(..size)
                        .map(|data| Some(PerfRecord::Sample(data)))
                        .ok_or(Errno::BADMSG);
                }
                RECORD_LOST => {
                    let lost = self.record.get(HEADER + 8..).and_then(|body| body.first_chunk());
                    let lost = lost.map(|bytes| u64::from_ne_bytes(*bytes)).ok_or(Errno::BADMSG)?;
                    return Ok(Some(PerfRecord::Lost(lost)));
                }
                _ => {}
            }
        }
    }

    /// The next bytes of data, whose end may be at the start of the ring. `len` must be at most what is left.
    fn copy(&self, len: usize) -> Result<Vec<u8>, Errno> {
        let at = self.tail as usize & (self.size - 1);
        let first = len.min(self.size - at);
        if len > self.size {
            return Err(Errno::BADMSG);
        }
        let mut bytes = vec![0; len];
        let (start, end) = bytes.split_at_mut_checked(first).ok_or(Errno::BADMSG)?;
        // SAFETY: the data is `size` bytes behind the first page; `at + first` and the rest are within. The kernel does
        // not write to what lies between our position and its own.
        unsafe {
            let data = self.area.start().as_ptr().add(self.page);
            std::ptr::copy_nonoverlapping(data.add(at), start.as_mut_ptr(), start.len());
            std::ptr::copy_nonoverlapping(data, end.as_mut_ptr(), end.len());
        }
        Ok(bytes)
    }

    fn position(&self, offset: usize) -> &AtomicU64 {
        // SAFETY: both positions are aligned words of the first page, and all access to them is atomic.
        unsafe { AtomicU64::from_ptr(self.area.start().as_ptr().add(offset).cast()) }
    }
}

impl AsFd for PerfRing {
    /// Readable when there are records; what goes into a perf event array.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
