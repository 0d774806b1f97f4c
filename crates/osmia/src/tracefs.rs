//! The kernel's tracing files.

use std::path::PathBuf;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::kernel::mounts;
use crate::near::instead_of;

/// The directory of tracefs, which may be mounted by itself or inside of debugfs.
pub(crate) fn directory(kernel: &Kernel) -> Result<PathBuf, Error> {
    let files = kernel.files();
    if let Some(at) = mounts::first(files, "tracefs") {
        return Ok(at);
    }
    // Reading debugfs's directory of this name mounts tracefs there.
    let inside = mounts::first(files, "debugfs").map(|debugfs| debugfs.join("tracing"));
    inside.filter(|at| at.join("events").is_dir()).ok_or_else(|| {
        Error::not_found(
            "tracefs is not mounted (or not readable); `mount -t tracefs tracefs /sys/kernel/tracing` mounts it",
        )
    })
}

/// The number of a tracepoint, which perf_event_open(2) takes.
///
/// # Errors
/// `NotFound`: tracefs is not mounted, or there is no such category or event; near names are told.
pub(crate) fn event_id(kernel: &Kernel, category: &str, name: &str) -> Result<u64, Error> {
    let events = directory(kernel)?.join("events");
    let file = events.join(category).join(name).join("id");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(no_such_event(&events, category, name));
        }
        Err(error) => {
            let message =
                format!("read {}, which needs CAP_DAC_READ_SEARCH or root", file.display());
            return Err(Error::new(ErrorKind::Permission, message).caused_by(error));
        }
    };
    let number = text.trim().parse();
    number.map_err(|error| {
        Error::new(ErrorKind::Malformed, format!("read {}", file.display())).caused_by(error)
    })
}

fn no_such_event(events: &std::path::Path, category: &str, name: &str) -> Error {
    let mut categories = Files::names(events);
    categories.retain(|name| events.join(name).is_dir());
    if !categories.iter().any(|known| known == category) {
        let known =
            instead_of(category, "tracepoint categories", categories.iter().map(String::as_str));
        return Error::not_found(format!("there is no tracepoint category `{category}`; {known}"));
    }
    let names = Files::names(&events.join(category));
    let known =
        names.iter().map(String::as_str).filter(|name| !matches!(*name, "enable" | "filter"));
    let known = instead_of(name, &format!("tracepoints of `{category}`"), known);
    Error::not_found(format!("there is no tracepoint `{category}/{name}`; {known}"))
}
