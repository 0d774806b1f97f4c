//! Tracepoints with their formatted records, by perf events.

use osmia_sys::{PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::{Held, Link, perf};
use crate::tracefs;
use osmia_sys::Capability;

/// Attaches a tracepoint program to `category/name`.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    category: &str,
    name: &str,
    cookie: Option<u64>,
) -> Result<Link, Error> {
    let place = format!("tracepoint {category}/{name}");
    let attempt = || format!("attach to {place}");
    let id = tracefs::event_id(kernel, category, name).map_err(|error| error.during(attempt()))?;
    // A tracepoint's programs run on all CPUs, whichever the event is opened for.
    let sampling = PerfSampling { period: 1, wakeup: 1, ..PerfSampling::default() };
    let event = PerfFd::open(&PerfEvent::Tracepoint { id }, PerfTarget::Cpu(0), &sampling)
        .map_err(|errno| refused(kernel, &[Capability::Perfmon], errno, attempt()))?;
    let attachment =
        perf::attach(kernel, prog, event, cookie).map_err(|error| error.during(attempt()))?;
    Ok(Link::new(kernel, place, Held::Perf(attachment)))
}
