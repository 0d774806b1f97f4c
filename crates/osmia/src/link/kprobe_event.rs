//! Probes of the kernel's functions by tracefs, on kernels without a source of perf events for them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use osmia_sys::{Capability, Errno, PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::functions;
use crate::link::perf::{self, PerfAttachment};
use crate::link::refused::refused;
use crate::link::setting::Setting;
use crate::tracefs;

/// The group of our events in tracefs.
const GROUP: &str = "osmia";

/// What is probed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KprobeEvent<'a> {
    pub(crate) function: &'a str,
    pub(crate) offset: u64,
    pub(crate) on_return: bool,
}

/// An event in tracefs that runs a program.
#[derive(Debug)]
pub(crate) struct Attached {
    attachment: Option<PerfAttachment>,
    event: Option<Event>,
}

/// An event that is listed in `kprobe_events`, where it stays until it is removed.
#[derive(Debug)]
struct Event {
    list: PathBuf,
    name: String,
}

impl Event {
    fn remove(self) -> Result<(), Errno> {
        append(&self.list, &format!("-:{GROUP}/{}", self.name))
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl Setting for Attached {
    fn undo(&mut self) -> Result<(), Errno> {
        // The event is in use until the perf event is closed.
        drop(self.attachment.take());
        self.event.take().map_or(Ok(()), Event::remove)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = self.undo();
    }
}

/// Attaches a program to a kernel function by an event of our own in tracefs.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    probe: &KprobeEvent<'_>,
    cookie: Option<u64>,
) -> Result<Attached, Error> {
    let event = make(kernel, probe)?;
    let id = tracefs::event_id(kernel, GROUP, &event.name);
    // From here on the event goes when this does.
    let mut attached = Attached { attachment: None, event: Some(event) };
    let sampling = PerfSampling { period: 1, wakeup: 1, ..PerfSampling::default() };
    let fd = PerfFd::open(&PerfEvent::Tracepoint { id: id? }, PerfTarget::Cpu(0), &sampling);
    let fd = fd.map_err(|errno| {
        refused(kernel, &[Capability::Perfmon], errno, "open the probe's perf event")
    })?;
    attached.attachment = Some(perf::attach(kernel, prog, fd, cookie)?);
    Ok(attached)
}

fn make(kernel: &Kernel, probe: &KprobeEvent<'_>) -> Result<Event, Error> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);

    let KprobeEvent { function, offset, on_return } = *probe;
    if !function.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:$".contains(&byte)) {
        return Err(Error::invalid(format!("`{function}` cannot be the name of a function")));
    }
    let list = tracefs::directory(kernel)?.join("kprobe_events");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("probe_{}_{number}", std::process::id());
    let kind = if on_return { 'r' } else { 'p' };
    let line = format!("{kind}:{GROUP}/{name} {function}+{offset}");
    match append(&list, &line) {
        Ok(()) => Ok(Event { list, name }),
        Err(error) => Err(match Errno::from_io_error(&error) {
            Some(errno @ (Errno::NOENT | Errno::INVAL)) if list.exists() => {
                functions::explain(kernel, function).caused_by(errno)
            }
            _ if !list.exists() => {
                let since = crate::error::kind::Release::new(4, 1);
                let kind = ErrorKind::Unsupported { feature: "kprobes", since };
                Error::new(kind, "this kernel was built without kprobes (CONFIG_KPROBE_EVENTS)")
            }
            Some(errno) => refused(
                kernel,
                &[Capability::SysAdmin],
                errno,
                format!("write to {}", list.display()),
            ),
            None => Error::new(ErrorKind::System, format!("write to {}", list.display()))
                .caused_by(error),
        }),
    }
}

fn append(list: &Path, line: &str) -> std::io::Result<()> {
    OpenOptions::new().append(true).open(list)?.write_all(line.as_bytes())
}
