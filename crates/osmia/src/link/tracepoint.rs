//! Tracepoints with their formatted records, by perf events.

use std::fmt;

use osmia_sys::{PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::{Held, Link, perf};
use crate::tracefs;
use osmia_sys::Capability;

/// A tracepoint of the kernel, as tracefs lists it, and what a program attached to it is told.
///
/// # Examples
/// ```
/// use osmia::Tracepoint;
///
/// let tracepoint = Tracepoint::new("syscalls", "sys_enter_close").cookie(7);
/// assert_eq!(tracepoint.to_string(), "syscalls/sys_enter_close");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracepoint {
    category: String,
    name: String,
    cookie: Option<u64>,
}

impl Tracepoint {
    /// The tracepoint `category/name`.
    pub fn new(category: impl Into<String>, name: impl Into<String>) -> Self {
        Self { category: category.into(), name: name.into(), cookie: None }
    }

    /// Reads `category/name`, or `category:name` as perf and bpftrace write it.
    ///
    /// # Errors
    /// `Invalid`: the text has no separator.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (category, name) = text.split_once(['/', ':']).ok_or_else(|| {
            Error::invalid(format!("`{text}` is no tracepoint: write its category and name, such as `sched/sched_switch`"))
        })?;
        Ok(Self::new(category, name))
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
}

impl fmt::Display for Tracepoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category, self.name)
    }
}

/// Attaches a tracepoint program.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    tracepoint: &Tracepoint,
) -> Result<Link, Error> {
    let place = format!("tracepoint {tracepoint}");
    let attempt = || format!("attach to {place}");
    let id = tracefs::event_id(kernel, &tracepoint.category, &tracepoint.name)
        .map_err(|error| error.during(attempt()))?;
    // A tracepoint's programs run on all CPUs, whichever the event is opened for.
    let sampling = PerfSampling { period: 1, wakeup: 1, ..PerfSampling::default() };
    let event = PerfFd::open(&PerfEvent::Tracepoint { id }, PerfTarget::Cpu(0), &sampling)
        .map_err(|errno| refused(kernel, &[Capability::Perfmon], errno, attempt()))?;
    let attachment = perf::attach(kernel, prog, event, tracepoint.cookie)
        .map_err(|error| error.during(attempt()))?;
    Ok(Link::new(kernel, place, Held::Perf(attachment)))
}
