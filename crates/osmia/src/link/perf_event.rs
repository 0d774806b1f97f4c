//! Programs that run when something was counted often enough: profilers.

use std::fmt;

use osmia_sys::{
    Capability, Errno, PerfEvent as Counted, PerfFd, PerfSampling, PerfTarget, ProgFd,
    abi::PerfEventAttr,
};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::breakpoint::Breakpoint;
use crate::link::cache::{self, Cache, CacheOutcome, CacheUse};
use crate::link::refused::refused;
use crate::link::{Held, Link, perf};

/// What is counted, where, and how often the program runs.
///
/// The program runs 99 times a second of what is counted if nothing else is said, in the calling process.
///
/// # Examples
/// ```
/// use osmia::PerfEvent;
///
/// let profile = PerfEvent::cpu_clock().frequency(49).cpu(0);
/// let faults = PerfEvent::page_faults().period(1).process(1234).cookie(7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfEvent {
    source: u32,
    config: u64,
    watched: Option<Breakpoint>,
    rate: Rate,
    cpu: Option<u32>,
    process: Option<u32>,
    cookie: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rate {
    Frequency(u64),
    Period(u64),
}

/// `PERF_TYPE_*`.
const HARDWARE: u32 = 0;
const SOFTWARE: u32 = 1;
const CACHE: u32 = 3;
const BREAKPOINT: u32 = 5;

impl PerfEvent {
    /// Time of the CPU, by a timer.
    pub fn cpu_clock() -> Self {
        Self::of(SOFTWARE, 0)
    }

    /// Time in which the process runs.
    pub fn task_clock() -> Self {
        Self::of(SOFTWARE, 1)
    }

    /// Page faults.
    pub fn page_faults() -> Self {
        Self::of(SOFTWARE, 2)
    }

    /// Switches between tasks.
    pub fn context_switches() -> Self {
        Self::of(SOFTWARE, 3)
    }

    /// Cycles of the processor.
    pub fn cpu_cycles() -> Self {
        Self::of(HARDWARE, 0)
    }

    /// Instructions of the processor.
    pub fn instructions() -> Self {
        Self::of(HARDWARE, 1)
    }

    /// Misses of the processor's cache.
    pub fn cache_misses() -> Self {
        Self::of(HARDWARE, 3)
    }

    /// Uses of one of the processor's caches.
    ///
    /// # Examples
    /// ```
    /// use osmia::{Cache, CacheOutcome, CacheUse, PerfEvent};
    ///
    /// let misses = PerfEvent::cache(Cache::LastLevel, CacheUse::Read, CacheOutcome::Miss).period(1000);
    /// ```
    pub fn cache(cache: Cache, used: CacheUse, outcome: CacheOutcome) -> Self {
        Self::of(CACHE, cache::config(cache, used, outcome))
    }

    /// Uses of a place in memory, each of which runs the program unless another rate is said.
    pub fn breakpoint(place: Breakpoint) -> Self {
        let rate = Rate::Period(1);
        Self { watched: Some(place), rate, ..Self::of(BREAKPOINT, 0) }
    }

    /// Anything else: a source of events (`PERF_TYPE_*`, or its number in `/sys/bus/event_source/devices`) and what
    /// it counts.
    pub fn of(source: u32, config: u64) -> Self {
        let rate = Rate::Frequency(99);
        Self { source, config, watched: None, rate, cpu: None, process: None, cookie: None }
    }

    /// How often a second the program runs, about.
    #[must_use]
    pub fn frequency(mut self, hertz: u64) -> Self {
        self.rate = Rate::Frequency(hertz);
        self
    }

    /// After how many of what is counted the program runs.
    #[must_use]
    pub fn period(mut self, count: u64) -> Self {
        self.rate = Rate::Period(count);
        self
    }

    /// Counts on this CPU, whatever runs there, unless a process is said too.
    #[must_use]
    pub fn cpu(mut self, cpu: u32) -> Self {
        self.cpu = Some(cpu);
        self
    }

    /// Counts in this process or thread, on any CPU unless one is said too.
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.process = Some(pid);
        self
    }

    /// The number that `bpf_get_attach_cookie` returns to the program.
    ///
    /// # Kernel
    /// Since 5.15.
    #[must_use]
    pub fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = Some(cookie);
        self
    }

    fn target(&self) -> PerfTarget<'static> {
        match (self.process, self.cpu) {
            (Some(process), Some(cpu)) => PerfTarget::ProcessOnCpu(process, cpu),
            (None, Some(cpu)) => PerfTarget::Cpu(cpu),
            (process, None) => PerfTarget::Process(process.unwrap_or(0)),
        }
    }
}

impl fmt::Display for PerfEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: &[&str] = match self.source {
            HARDWARE => &["cycles", "instructions", "cache references", "cache misses"],
            SOFTWARE => &["CPU clock", "task clock", "page faults", "context switches"],
            _ => &[],
        };
        let name = usize::try_from(self.config).ok().and_then(|config| names.get(config));
        match (name, self.watched) {
            (_, Some(Breakpoint { address, bytes, access })) => {
                write!(f, "perf event of {} at {address:#x} ({bytes} bytes)", access.noun())?;
            }
            (Some(name), None) => write!(f, "perf event {name}")?,
            (None, None) => write!(f, "perf event {:#x} of source {}", self.config, self.source)?,
        }
        match (self.process, self.cpu) {
            (None, None) => f.write_str(" of this thread"),
            (process, cpu) => {
                process.map_or(Ok(()), |process| write!(f, " of process {process}"))?;
                cpu.map_or(Ok(()), |cpu| write!(f, " on CPU {cpu}"))
            }
        }
    }
}

/// Attaches a perf event program.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, event: &PerfEvent) -> Result<Link, Error> {
    let place = event.to_string();
    let attempt = || format!("attach to {place}");
    let (period, flags) = match event.rate {
        Rate::Frequency(hertz) => (hertz, PerfEventAttr::FREQ),
        Rate::Period(count) => (count, 0),
    };
    if period == 0 {
        let error = Error::invalid("a frequency or period of 0 never runs the program");
        return Err(error.during(attempt()));
    }
    let sampling = PerfSampling { period, wakeup: 1, flags, ..PerfSampling::default() };
    let counted = match (event.source, event.watched) {
        (_, Some(Breakpoint { address, bytes, access })) => {
            Counted::Breakpoint { address, bytes, access: access.bits() }
        }
        (HARDWARE, None) => Counted::Hardware { config: event.config },
        (source, None) => Counted::Source { source, config: event.config },
    };
    let fd = PerfFd::open(&counted, event.target(), &sampling)
        .map_err(|errno| failed(kernel, event, errno, attempt()))?;
    let attachment =
        perf::attach(kernel, prog, fd, event.cookie).map_err(|error| error.during(attempt()))?;
    Ok(Link::new(kernel, place, Held::Perf(attachment)))
}

fn failed(kernel: &Kernel, event: &PerfEvent, errno: Errno, attempt: String) -> Error {
    let told = match errno {
        Errno::NOENT | Errno::OPNOTSUPP if matches!(event.source, HARDWARE | CACHE) => {
            "this machine does not count it, as virtual machines often do not; CPU clock and other software events \
             are counted everywhere"
        }
        Errno::INVAL if event.watched.is_some() => {
            let told =
                "a breakpoint is 1, 2, 4 or 8 bytes long and begins at a multiple of its length";
            return Error::invalid(told).caused_by(errno).during(attempt);
        }
        Errno::NOSPC if event.watched.is_some() => {
            let told =
                "all of the processor's registers for breakpoints are taken (x86-64 has four)";
            return Error::new(ErrorKind::Busy, told).caused_by(errno).during(attempt);
        }
        Errno::SRCH => "there is no such process",
        Errno::NODEV => "there is no such CPU, or it is offline",
        _ => return refused(kernel, &[Capability::Perfmon], errno, attempt),
    };
    Error::new(ErrorKind::NotFound, told).caused_by(errno).during(attempt)
}
