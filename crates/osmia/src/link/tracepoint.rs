//! Tracepoints with their formatted records, by perf events.

use osmia_sys::{PerfEvent, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::{Held, Link, perf};
use crate::tracefs;

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
    let event = PerfEvent::tracepoint(id).map_err(|errno| refused(kernel, errno, attempt()))?;
    let attachment = perf::attach(kernel, prog, event, cookie).map_err(|error| error.during(attempt()))?;
    Ok(Link::new(kernel, place, Held::Perf(attachment)))
}
