//! The CPUs of a perf event array.

use std::os::fd::{AsFd, AsRawFd as _};

use osmia_sys::{Capability, Errno, PerfOutput};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::map::update::UpdateFlags;
use crate::perf::buffer::PerfBuffer;

/// The array's slots, one for each CPU, by the CPU's number.
#[derive(Debug)]
pub(crate) struct Slots {
    /// The kernel empties the slots when the descriptor that they were filled by is closed.
    map: Map,
}

/// The numbers of the CPUs that run now.
pub(crate) fn online() -> Result<Vec<u32>, Error> {
    let cpus = osmia_sys::online_cpus().map_err(|errno| {
        Error::not_found("list the CPUs that are online (/sys/devices/system/cpu/online)")
            .caused_by(errno)
    })?;
    Ok(cpus.into_iter().filter_map(|cpu| u32::try_from(cpu).ok()).collect())
}

impl Slots {
    pub(crate) fn new(map: &Map) -> Self {
        Self { map: map.clone() }
    }

    pub(crate) fn name(&self) -> &str {
        self.map.name()
    }

    /// The event that programs on a CPU write to; nothing if the CPU has gone offline meanwhile.
    pub(crate) fn open(
        &self,
        cpu: u32,
        buffer: &PerfBuffer,
        backward: bool,
    ) -> Result<Option<PerfOutput>, Error> {
        let (name, slots) = (self.name(), self.map.max_entries());
        if cpu >= slots {
            return Err(Error::invalid(format!(
                "perf event array `{name}` has {slots} slots, and CPU {cpu} is online: programs there could not write; \
                 leave max_entries out, and it is made for all CPUs"
            )));
        }
        match PerfOutput::open(cpu, buffer.wakeup, backward) {
            Ok(output) => Ok(Some(output)),
            Err(Errno::NODEV) => Ok(None),
            Err(errno) => {
                let (kind, why) = match errno {
                    Errno::ACCESS | Errno::PERM => (
                        ErrorKind::Permission,
                        format!(
                            ": it wants {} (CAP_SYS_ADMIN before 5.8), or kernel.perf_event_paranoid below 1",
                            Capability::Perfmon
                        ),
                    ),
                    Errno::MFILE | Errno::NFILE => {
                        (ErrorKind::System, ": it takes a descriptor for each CPU".to_owned())
                    }
                    _ => (ErrorKind::System, String::new()),
                };
                let what = format!("open the ring of CPU {cpu} for perf event array `{name}`{why}");
                Err(Error::new(kind, what).caused_by(errno))
            }
        }
    }

    /// Lets programs on a CPU write to an event.
    pub(crate) fn put(&self, cpu: u32, event: &impl AsFd) -> Result<(), Error> {
        let descriptor = event.as_fd().as_raw_fd();
        self.map
            .update(&cpu.to_ne_bytes(), &descriptor.to_ne_bytes(), UpdateFlags::ANY)
            .map(drop)
            .map_err(|error| error.during(format!("put the ring of CPU {cpu} into its slot")))
    }

    /// Lets them write no longer.
    pub(crate) fn take(&self, cpu: u32) {
        // Somebody else may have emptied or filled the slot: there is nothing more to be done then.
        drop(self.map.delete(&cpu.to_ne_bytes()));
    }

    #[cold]
    pub(crate) fn broken(&self, errno: Errno) -> Error {
        let name = self.name();
        match errno {
            Errno::BADMSG => {
                let what =
                    format!("perf event array `{name}`: a ring's positions contradict each other");
                Error::new(ErrorKind::Malformed, what)
            }
            errno => {
                let what = format!("read perf event array `{name}`");
                Error::new(ErrorKind::System, what).caused_by(errno)
            }
        }
    }

    #[cold]
    pub(crate) fn unmapped(&self, cpu: u32, buffer: &PerfBuffer, errno: Errno) -> Error {
        let (kind, why) = match errno {
            Errno::PERM | Errno::AGAIN => (
                ErrorKind::Permission,
                ": it is more than may be locked; raise kernel.perf_event_mlock_kb or the limit on locked memory, or \
                 use fewer",
            ),
            Errno::NOMEM | Errno::INVAL => (ErrorKind::System, ": there is not that much memory"),
            _ => (ErrorKind::System, ""),
        };
        let (name, pages) = (self.name(), buffer.pages_of_a_cpu());
        let what = format!("map {pages} pages for CPU {cpu} of perf event array `{name}`{why}");
        Error::new(kind, what).caused_by(errno)
    }
}
