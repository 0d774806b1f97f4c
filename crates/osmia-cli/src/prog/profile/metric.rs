//! What can be counted.

use osmia_sys::{Errno, PerfEvent, PerfFd, PerfSampling, PerfTarget};

use crate::failure::Failure;

/// The kind of perf events that caches cause (`PERF_TYPE_HW_CACHE`).
const CACHE: u32 = 3;
/// A reading that missed, among the events of a cache.
const MISS: u64 = 1 << 16;

/// Something that can be counted.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// What it is called.
    pub name: &'static str,
    event: PerfEvent<'static>,
}

/// All that can be counted: bpftool's first.
pub const METRICS: [Metric; 7] = [
    Metric { name: "cycles", event: PerfEvent::Hardware { config: 0 } },
    Metric { name: "instructions", event: PerfEvent::Hardware { config: 1 } },
    Metric { name: "l1d_loads", event: PerfEvent::Source { source: CACHE, config: 0 } },
    Metric { name: "llc_misses", event: PerfEvent::Source { source: CACHE, config: 2 | MISS } },
    Metric { name: "itlb_misses", event: PerfEvent::Source { source: CACHE, config: 4 | MISS } },
    Metric { name: "dtlb_misses", event: PerfEvent::Source { source: CACHE, config: 3 | MISS } },
    CLOCK,
];

/// Counts on every machine.
const CLOCK: Metric = Metric { name: "cpu_clock", event: PerfEvent::Software { config: 0 } };

/// What `read` tells: the count, and how long it was wanted and counted.
const TIMES: u64 = 0b11;

impl Metric {
    /// The one of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<&'static Self, Failure> {
        METRICS.iter().find(|metric| metric.name == name).ok_or_else(|| {
            let known = METRICS.iter().map(|metric| metric.name);
            let no_such = crate::near::no_such("metric", name, known);
            Failure::usage(no_such)
        })
    }

    /// Whether it is the time that passes.
    pub fn is_clock(&self) -> bool {
        self.name == CLOCK.name
    }

    /// What is counted where nothing is said.
    pub fn usual() -> Vec<&'static Self> {
        let [cycles, instructions, ..] = &METRICS;
        let counts = |metric: &Self| metric.open(0, &PerfSampling::default()).is_ok();
        if counts(cycles) && counts(instructions) {
            vec![cycles, instructions]
        } else {
            vec![&CLOCK]
        }
    }

    /// Whether this machine counts it.
    ///
    /// # Errors
    /// It does not, or not for this user.
    pub fn try_out(&self) -> Result<(), Failure> {
        match self.open(0, &PerfSampling::default()) {
            Ok(_) => Ok(()),
            Err(Errno::NOENT | Errno::OPNOTSUPP | Errno::NODEV | Errno::INVAL) => {
                Err(Failure::unsupported(format!(
                    "this machine does not count {}: its processor has no such counter, or it is a virtual \
                     machine that is shown none; cpu_clock counts everywhere",
                    self.name
                )))
            }
            Err(errno) => Err(Failure::because(
                format!("count {} (it takes CAP_PERFMON, or CAP_SYS_ADMIN before 5.8)", self.name),
                &errno,
            )),
        }
    }

    /// Counts on a CPU.
    ///
    /// # Errors
    /// The kernel's.
    pub fn count(&self, cpu: u32) -> Result<PerfFd, Errno> {
        self.open(cpu, &PerfSampling { read_format: TIMES, ..PerfSampling::default() })
    }

    /// Opens it as an event of a CPU.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(&self, cpu: u32, sampling: &PerfSampling) -> Result<PerfFd, Errno> {
        PerfFd::open(&self.event, PerfTarget::Cpu(cpu), sampling)
    }
}
