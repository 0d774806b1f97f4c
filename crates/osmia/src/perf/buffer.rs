//! How large the rings of a perf event array are.

use osmia_sys::PerfWakeup;

/// How large the ring of each CPU is, and when the kernel wakes who waits for its events.
///
/// 64 pages a CPU, and woken by each event, if nothing is said.
///
/// # Examples
/// ```
/// use osmia::PerfBuffer;
///
/// let large = PerfBuffer::new().pages(1024).wakeup_bytes(64 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfBuffer {
    pages: usize,
    pub(crate) wakeup: PerfWakeup,
}

impl Default for PerfBuffer {
    fn default() -> Self {
        Self { pages: 64, wakeup: PerfWakeup::Samples(1) }
    }
}

impl PerfBuffer {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pages of each CPU's ring, rounded up to a power of two.
    #[must_use]
    pub fn pages(mut self, pages: usize) -> Self {
        self.pages = pages;
        self
    }

    /// Wake the reader after so many events of a CPU, at least one. Being woken by each costs the program most of its
    /// time; with more, call [`PerfReader::wait`](crate::PerfReader::wait) with a time-out.
    #[must_use]
    pub fn wakeup_events(mut self, count: u32) -> Self {
        self.wakeup = PerfWakeup::Samples(count.max(1));
        self
    }

    /// Wake the reader after so many bytes of a CPU's ring, at least one; likewise.
    #[must_use]
    pub fn wakeup_bytes(mut self, count: u32) -> Self {
        self.wakeup = PerfWakeup::Bytes(count.max(1));
        self
    }

    /// The pages, as the kernel wants them; far more than there is memory are refused by it.
    pub(crate) fn pages_of_a_cpu(&self) -> usize {
        self.pages.max(1).checked_next_power_of_two().unwrap_or(usize::MAX)
    }
}
