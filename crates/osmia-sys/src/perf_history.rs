//! The ring of a perf event that keeps the newest samples.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;

use rustix::io::Errno;

use crate::area::{Area, page_size};
use crate::perf_output::PerfOutput;
use crate::perf_ring::{DATA_HEAD, HEADER, SAMPLE, map, raw, word};

/// The ring that a backward [`PerfOutput`] writes to without an end: the newest samples are in it, and nobody has to
/// read them for that.
#[derive(Debug)]
pub struct PerfHistory {
    output: PerfOutput,
    area: Area,
    size: usize,
    /// A copy of the data, the newest record first.
    copy: Vec<u8>,
}

impl PerfHistory {
    /// Maps a ring of so many pages, a power of two. The output must have been opened backward.
    ///
    /// # Errors
    ///
    /// As for [`PerfRing::new`](crate::PerfRing::new).
    pub fn new(output: PerfOutput, pages: usize) -> Result<Self, Errno> {
        // Mapped for reading alone, the kernel writes over what is there.
        let (area, size) = map(&output, pages, false)?;
        Ok(Self { output, area, size, copy: Vec::new() })
    }

    /// Copies the ring and calls `each` with every sample in it, the newest first; samples that are written
    /// meanwhile are lost. They are as [`PerfRing::next_sample`](crate::PerfRing::next_sample) gives them.
    ///
    /// # Errors
    ///
    /// `EBADMSG` if the ring says what cannot be.
    pub fn newest(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), Errno> {
        self.output.pause(true)?;
        self.take_copy();
        self.output.pause(false)?;
        let mut rest = self.copy.as_slice();
        // The oldest record is overwritten in part, so that the walk ends where one would go beyond the end; behind
        // the first record of a ring that was never full there are zeroes.
        while let Some((header, _)) = rest.split_first_chunk::<HEADER>() {
            let [k0, k1, k2, k3, _, _, s0, s1] = *header;
            let size = usize::from(u16::from_ne_bytes([s0, s1]));
            if size == 0 || size > rest.len() {
                break;
            }
            if size < HEADER || size % 8 != 0 {
                return Err(Errno::BADMSG);
            }
            let (record, older) = rest.split_at(size);
            if u32::from_ne_bytes([k0, k1, k2, k3]) == SAMPLE {
                each(raw(record.get(HEADER..).unwrap_or_default())?);
            }
            rest = older;
        }
        Ok(())
    }

    /// How many samples were lost while the ring was being copied; nothing if the kernel does not tell.
    ///
    /// # Kernel
    ///
    /// Since 6.0.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn lost(&self) -> Result<Option<u64>, Errno> {
        self.output.lost()
    }

    /// The data from the newest record on, word by word, since a program may be in the middle of its last sample.
    fn take_copy(&mut self) {
        // The position goes down from zero, and the newest record begins there.
        let head = word(&self.area, DATA_HEAD).load(Ordering::Acquire);
        let written = 0u64.wrapping_sub(head).min(self.size as u64) as usize;
        self.copy.clear();
        for offset in (0..written).step_by(8) {
            let at = (head as usize).wrapping_add(offset) & (self.size - 1);
            let word = word(&self.area, page_size() + at).load(Ordering::Relaxed);
            self.copy.extend_from_slice(&word.to_ne_bytes());
        }
    }
}

impl AsFd for PerfHistory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}
