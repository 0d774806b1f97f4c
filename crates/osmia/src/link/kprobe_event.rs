//! Probes of the kernel's functions by tracefs, on kernels without a source of perf events for them.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use osmia_sys::{Capability, Errno, PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::functions;
use crate::link::owner::Owner;
use crate::link::perf::{self, PerfAttachment};
use crate::link::refused::refused;
use crate::link::setting::Setting;
use crate::tracefs;

/// The group of our events in tracefs, and what their names begin with.
const GROUP: &str = "osmia";
const PROBE: &str = "probe_";
/// The kernel's list of such events.
const LIST: &str = "kprobe_events";

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

/// An event of ours in the kernel's list, whoever made it.
#[derive(Debug)]
pub(crate) struct ListedEvent {
    event: Event,
    /// What it probes, as the list says it: `do_sys_openat2+0`.
    place: String,
    owner: Owner,
}

impl ListedEvent {
    /// Reads a line of the list, if it is about an event of ours: `p:osmia/probe_7_99_0 do_sys_openat2+0`.
    fn parse(line: &str, list: &Path) -> Option<Self> {
        let (head, place) = line.split_once(' ')?;
        let name = head.split_once(':')?.1.strip_prefix(GROUP)?.strip_prefix('/')?;
        let owner = Owner::parse(name.strip_prefix(PROBE)?.rsplit_once('_')?.0)?;
        let event = Event { list: list.to_owned(), name: name.to_owned() };
        Some(Self { event, place: place.to_owned(), owner })
    }

    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The command for a shell that removes it.
    pub(crate) fn remedy(&self) -> String {
        let Event { list, name } = &self.event;
        format!("echo -:{GROUP}/{name} >> {}", list.display())
    }

    pub(crate) fn remove(self) -> Result<(), Errno> {
        self.event.remove()
    }
}

impl fmt::Display for ListedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { list, name } = &self.event;
        write!(f, "probe {GROUP}/{name} of {} in {}", self.place, list.display())
    }
}

/// The events of ours that the kernel lists; none where there is no such list, or none for this process.
pub(crate) fn listed(kernel: &Kernel) -> Result<Vec<ListedEvent>, Error> {
    let Ok(tracefs) = tracefs::directory(kernel) else { return Ok(Vec::new()) };
    let list = tracefs.join(LIST);
    match std::fs::read_to_string(&list) {
        Ok(text) => Ok(text.lines().filter_map(|line| ListedEvent::parse(line, &list)).collect()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => {
            Err(Error::new(ErrorKind::System, format!("read {}", list.display())).caused_by(error))
        }
    }
}

/// The name of an event, which tells whose it is.
fn event_name(owner: Owner, number: u32) -> String {
    format!("{PROBE}{owner}_{number}")
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
    let list = tracefs::directory(kernel)?.join(LIST);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = event_name(Owner::this(kernel.files()), number);
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

fn append(list: &Path, line: &str) -> io::Result<()> {
    OpenOptions::new().append(true).open(list)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ListedEvent, event_name};
    use crate::link::owner::Owner;

    #[test]
    fn events_are_told_from_those_of_others() {
        let owner = Owner::parse("7_99").unwrap();
        let name = event_name(owner, 3);
        let list = Path::new("/t/kprobe_events");
        let event = ListedEvent::parse(&format!("r4:osmia/{name} do_exit+0"), list).unwrap();
        assert_eq!(event.owner(), owner);
        assert_eq!(event.to_string(), "probe osmia/probe_7_99_3 of do_exit+0 in /t/kprobe_events");
        assert_eq!(event.remedy(), "echo -:osmia/probe_7_99_3 >> /t/kprobe_events");
        for other in [
            "",
            "p:osmia/probe_7_99_3",
            "p:osmia/probe_7_3 f",
            "p:osmia/mine f",
            "p:osmia2/probe_7_99_3 f",
            "p:perf/probe_7_99_3 f",
        ] {
            assert!(ListedEvent::parse(other, list).is_none(), "{other}");
        }
    }
}
