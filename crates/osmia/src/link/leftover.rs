//! What processes that were killed have left attached.

use std::fmt;

use osmia_sys::{Capability, Netlink, NetlinkError, TcFilter, TcProgram, TcSide};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::kprobe_event::{self, ListedEvent};
use crate::link::owner::Owner;
use crate::link::refused::refused;
use crate::link::tc_filter::marked;

/// An attachment that has outlived the process that owned it: the process was killed before it could detach, and the kernel
/// knows no owners of such attachments.
///
/// These are the classifiers of [`TcFilter`](crate::TcFilter), which [`Tc`](crate::Tc) makes too on kernels before 6.6, and the
/// events in tracefs by which kprobes are set on kernels before 4.17. Everything else that has a [`Link`](crate::Link) is
/// detached by the kernel when its owner dies, but for what has no mark of Osmia's: XDP on kernels before 5.9, programs
/// on routes, and cgroups with other modes than [`CgroupMode::Link`](crate::CgroupMode::Link).
///
/// Who goes on with a [`Link`](crate::Link) in a child that was forked is taken for the parent, which may be no more.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// for leftover in osmia::Kernel::running()?.leftovers()? {
///     println!("{leftover}");
///     leftover.remove()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Leftover {
    kernel: Kernel,
    process: u32,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Classifier { filter: TcFilter, interface: String, program: String },
    Event(ListedEvent),
}

impl Leftover {
    /// The number of the process that has left it.
    pub fn process(&self) -> u32 {
        self.process
    }

    /// The command for a shell that removes it.
    pub fn remedy(&self) -> String {
        match &self.kept {
            Kept::Classifier { filter, interface, .. } => {
                let (side, priority, handle) = (word(filter.side), filter.priority, filter.handle);
                format!(
                    "tc filter del dev {interface} {side} prio {priority} handle {handle:#x} bpf"
                )
            }
            Kept::Event(event) => event.remedy(),
        }
    }

    /// Removes it, as its owner would have.
    ///
    /// # Errors
    /// The kernel refuses: it takes `CAP_NET_ADMIN` for classifiers, `CAP_SYS_ADMIN` for events.
    pub fn remove(self) -> Result<(), Error> {
        let attempt = format!("remove the {}", self.kept);
        match self.kept {
            Kept::Classifier { filter, .. } => {
                let removed = Netlink::open()
                    .map_err(NetlinkError::from)
                    .and_then(|netlink| netlink.remove_tc_filter(&filter));
                removed.map_err(|error| {
                    refused(&self.kernel, &[Capability::NetAdmin], error.errno, attempt)
                })
            }
            Kept::Event(event) => event
                .remove()
                .map_err(|errno| refused(&self.kernel, &[Capability::SysAdmin], errno, attempt)),
        }
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, left by process {}, which is no more", self.kept, self.process)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classifier { filter, interface, program } => {
                let (side, priority, handle) = (word(filter.side), filter.priority, filter.handle);
                write!(
                    f,
                    "tc filter with program `{program}` on {side} of interface {interface} (priority {priority}, handle {handle:#x})"
                )
            }
            Self::Event(event) => write!(f, "{event}"),
        }
    }
}

fn word(side: TcSide) -> &'static str {
    match side {
        TcSide::Ingress => "ingress",
        TcSide::Egress => "egress",
    }
}

impl Kernel {
    /// What processes that are no more have left attached, in the network namespace of the calling thread and in tracefs
    /// (where that is mounted and may be read).
    ///
    /// # Errors
    /// The kernel does not tell the classifiers of the interfaces.
    pub fn leftovers(&self) -> Result<Vec<Leftover>, Error> {
        let mut found = classifiers(self).map_err(|error| {
            Error::new(ErrorKind::System, "list the classifiers of the interfaces").caused_by(error)
        })?;
        for event in kprobe_event::listed(self)? {
            if !event.owner().lives(self.files()) {
                let process = event.owner().process;
                found.push(Leftover { kernel: self.clone(), process, kept: Kept::Event(event) });
            }
        }
        Ok(found)
    }
}

fn classifiers(kernel: &Kernel) -> Result<Vec<Leftover>, NetlinkError> {
    let netlink = Netlink::open()?;
    let mut found = Vec::new();
    for interface in netlink.interfaces()? {
        let programs = match netlink.tc_programs(interface.index) {
            // It went meanwhile.
            Err(NetlinkError { errno: osmia_sys::Errno::NODEV, .. }) => continue,
            programs => programs?,
        };
        for program in programs {
            let Some((filter, owner, name)) = dead(kernel, &program) else { continue };
            let (interface, program) = (interface.name.clone(), name.to_owned());
            let kept = Kept::Classifier { filter, interface, program };
            found.push(Leftover { kernel: kernel.clone(), process: owner.process, kept });
        }
    }
    Ok(found)
}

/// The place, owner and program of a classifier whose owner is no more.
pub(crate) fn dead<'p>(
    kernel: &Kernel,
    found: &'p TcProgram,
) -> Option<(TcFilter, Owner, &'p str)> {
    let (program, owner) = marked(found.name.as_deref()?)?;
    let TcProgram { index, priority, handle, .. } = *found;
    let filter = TcFilter { index, side: found.side?, priority, handle };
    (!owner.lives(kernel.files())).then_some((filter, owner, program))
}
