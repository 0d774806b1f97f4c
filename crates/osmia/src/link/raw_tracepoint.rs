//! Raw tracepoints: the kernel's tracepoints without their formatted records.

use std::ffi::CString;

use osmia_sys::{Errno, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::link::refused::refused;
use crate::link::{Held, Link};
use crate::near::instead_of;
use crate::tracefs;
use osmia_sys::Capability;

/// Attaches a raw tracepoint program to the tracepoint `name` of any category.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    name: &str,
    cookie: u64,
) -> Result<Link, Error> {
    let attempt = || format!("attach to raw tracepoint {name}");
    let text = CString::new(name).map_err(|error| Error::invalid(attempt()).caused_by(error))?;
    match kernel.bpf().raw_tracepoint_open(prog, Some(&text), cookie) {
        Ok(link) => Ok(Link::new(kernel, format!("raw tracepoint {name}"), Held::Link(link))),
        Err(Errno::NOENT) => Err(no_such_tracepoint(kernel, name).during(attempt())),
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
