//! Raw tracepoints: the kernel's tracepoints without their formatted records.

use std::ffi::CString;

use osmia_sys::{Errno, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::link::refused::refused;
use crate::link::{Held, Link};
use crate::near::instead_of;
use crate::tracefs;
use osmia_sys::Capability;

/// A raw tracepoint, by its name without its category, and what a program attached to it is told.
///
/// # Examples
/// ```
/// use osmia::RawTracepoint;
///
/// let place = RawTracepoint::new("sched_switch").cookie(7);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTracepoint {
    name: String,
    cookie: u64,
}

impl RawTracepoint {
    /// The tracepoint of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), cookie: 0 }
    }

    /// The number that `bpf_get_attach_cookie` returns to the program.
    ///
    /// # Kernel
    /// Since 6.10.
    #[must_use]
    pub fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = cookie;
        self
    }
}

impl From<&str> for RawTracepoint {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Attaches a raw tracepoint program to a tracepoint of any category.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, at: &RawTracepoint) -> Result<Link, Error> {
    let RawTracepoint { name, cookie } = at;
    let attempt = || format!("attach to raw tracepoint {name}");
    let text =
        CString::new(name.as_str()).map_err(|error| Error::invalid(attempt()).caused_by(error))?;
    match kernel.bpf().raw_tracepoint_open(prog, Some(&text), *cookie) {
        Ok(link) => Ok(Link::new(kernel, format!("raw tracepoint {name}"), Held::Link(link))),
        Err(Errno::NOENT) => Err(no_such_tracepoint(kernel, name).during(attempt())),
        // A kernel without cookies finds something behind the end of what it knows.
        Err(errno @ (Errno::INVAL | Errno::TOOBIG)) if *cookie != 0 => {
            let since = Release::new(6, 10);
            let kind = ErrorKind::Unsupported { feature: "cookies of raw tracepoints", since };
            let message = format!("this kernel has no cookies of raw tracepoints (since {since})");
            Err(Error::new(kind, message).caused_by(errno).during(attempt()))
        }
        Err(errno) => Err(refused(kernel, &[Capability::Perfmon], errno, attempt())),
    }
}

fn no_such_tracepoint(kernel: &Kernel, name: &str) -> Error {
    let message = format!("this kernel has no tracepoint `{name}`");
    let Ok(events) = tracefs::directory(kernel).map(|tracefs| tracefs.join("events")) else {
        return Error::not_found(message);
    };
    let categories = Files::names(&events);
    let names: Vec<String> =
        categories.iter().flat_map(|category| Files::names(&events.join(category))).collect();
    if let Some(category) = categories.iter().find(|c| name.starts_with(&format!("{c}/"))) {
        let bare = name.trim_start_matches(category.as_str()).trim_start_matches('/');
        return Error::not_found(format!(
            "{message}: raw tracepoints are named without their category; try `{bare}`"
        ));
    }
    let near = instead_of(name, "tracepoints", names.iter().map(String::as_str));
    Error::not_found(format!("{message}; {near}"))
}
