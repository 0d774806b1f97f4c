//! Perf events that count nothing: what programs write samples to.

use std::os::fd::{AsFd, BorrowedFd};

use osmia_abi::PerfEventAttr;
use rustix::io::Errno;

use crate::perf_event::{PerfEvent, PerfFd, PerfSampling, PerfTarget};

/// The software event of samples that programs write (`PERF_COUNT_SW_BPF_OUTPUT`).
const BPF_OUTPUT: u64 = 10;
/// A sample is bytes (`PERF_SAMPLE_RAW`).
const RAW: u64 = 1 << 10;
/// A read tells how many samples were lost (`PERF_FORMAT_LOST`).
const LOST: u64 = 1 << 4;

/// When the reader is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerfWakeup {
    /// After so many samples.
    Samples(u32),
    /// After so many bytes.
    Bytes(u32),
}

/// An event of one CPU that programs there write samples to with `bpf_perf_event_output`, once its descriptor is
/// in the slot of a map of type `BPF_MAP_TYPE_PERF_EVENT_ARRAY` that has the CPU's number.
#[derive(Debug)]
pub struct PerfOutput {
    event: PerfFd,
    tells_lost: bool,
}

impl PerfOutput {
    /// Opens the event of a CPU; where `backward` is set its ring is overwritten from its end to its beginning.
    ///
    /// # Kernel
    ///
    /// Since 4.4; backward since 4.7.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the CPU is offline; `EACCES` or `EPERM` without `CAP_PERFMON` (`CAP_SYS_ADMIN` before 5.8).
    pub fn open(cpu: u32, wakeup: PerfWakeup, backward: bool) -> Result<Self, Errno> {
        let (wakeup, watermark) = match wakeup {
            PerfWakeup::Samples(count) => (count, 0),
            PerfWakeup::Bytes(count) => (count, PerfEventAttr::WATERMARK),
        };
        let backward = if backward { PerfEventAttr::WRITE_BACKWARD } else { 0 };
        let event = PerfEvent::Software { config: BPF_OUTPUT };
        let mut sampling = PerfSampling {
            period: 1,
            sample_type: RAW,
            wakeup,
            flags: watermark | backward,
            read_format: LOST,
        };
        match PerfFd::open(&event, PerfTarget::Cpu(cpu), &sampling) {
            Ok(event) => Ok(Self { event, tells_lost: true }),
            // Kernels before 6.0 do not know how to tell what is lost.
            Err(Errno::INVAL) => {
                sampling.read_format = 0;
                let event = PerfFd::open(&event, PerfTarget::Cpu(cpu), &sampling)?;
                Ok(Self { event, tells_lost: false })
            }
            Err(errno) => Err(errno),
        }
    }

    /// An event that writes samples of itself, as its [`PerfSampling`] says, not what programs write.
    pub const fn of_event(event: PerfFd) -> Self {
        Self { event, tells_lost: false }
    }

    /// How many samples were lost until now; nothing if the kernel does not tell.
    ///
    /// # Kernel
    ///
    /// Since 6.0.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn lost(&self) -> Result<Option<u64>, Errno> {
        let mut numbers = [0; 2];
        let told = self.tells_lost && self.event.read(&mut numbers)? == numbers.len();
        Ok(told.then_some(numbers[1]))
    }

    /// Stops writing, or goes on.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the event has no ring.
    pub(crate) fn pause(&self, pause: bool) -> Result<(), Errno> {
        self.event.pause_output(pause)
    }
}

impl AsFd for PerfOutput {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
