//! Iterators: programs that are run once for each thing of a kind, and whose output is read like a file.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::PathBuf;

use osmia_abi::{AttachType, CgroupIterOrder};
use osmia_sys::{Capability, Errno, IterOver, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::{Held, Link};
use crate::map::Map;

/// What an iterator walks, where its kind leaves a choice: all there is if nothing is said.
///
/// # Kernel
/// Since 5.8; maps since 5.9, cgroups and single tasks since 6.1.
///
/// # Examples
/// ```
/// use osmia::Iteration;
///
/// let all_tasks = Iteration::new();
/// let this_process = Iteration::new().process(std::process::id());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Iteration {
    over: Option<Over>,
}

#[derive(Clone, Debug)]
enum Over {
    Map(Map),
    Cgroup(PathBuf, CgroupIterOrder),
    Task { tid: u32, pid: u32 },
}

impl Iteration {
    /// All there is.
    pub fn new() -> Self {
        Self::default()
    }

    /// The elements of this map (`iter/bpf_map_elem`).
    #[must_use]
    pub fn map(mut self, map: &Map) -> Self {
        self.over = Some(Over::Map(map.clone()));
        self
    }

    /// This cgroup and those below or above it, in this order (`iter/cgroup`).
    #[must_use]
    pub fn cgroup(mut self, path: impl Into<PathBuf>, order: CgroupIterOrder) -> Self {
        self.over = Some(Over::Cgroup(path.into(), order));
        self
    }

    /// The threads of this process (`iter/task`, `iter/task_file`, `iter/task_vma`).
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.over = Some(Over::Task { tid: 0, pid });
        self
    }

    /// This thread.
    #[must_use]
    pub fn thread(mut self, tid: u32) -> Self {
        self.over = Some(Over::Task { tid, pid: 0 });
        self
    }
}

/// Makes the link of an iterator.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    target: &str,
    over: &Iteration,
) -> Result<Link, Error> {
    let place = format!("iterator {target}");
    let attempt = || format!("attach to {place}");
    let cgroup = match &over.over {
        Some(Over::Cgroup(path, _)) => Some(File::open(path).map_err(|error| {
            let what = format!("there is no cgroup {}", path.display());
            Error::not_found(what).caused_by(error).during(attempt())
        })?),
        _ => None,
    };
    let tail = match &over.over {
        None => LinkTail::None,
        Some(Over::Map(map)) => LinkTail::Iter(IterOver::Map(map.fd()?)),
        Some(Over::Cgroup(_, order)) => LinkTail::Iter(IterOver::Cgroup {
            order: *order,
            cgroup: cgroup.as_ref().map(|file| file.as_fd()),
        }),
        Some(Over::Task { tid, pid }) => {
            LinkTail::Iter(IterOver::Task { tid: *tid, pid: *pid, pid_fd: None })
        }
    };
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type: AttachType::TRACE_ITER,
        flags: 0,
        tail,
    });
    created.map(|link| Link::new(kernel, place.clone(), Held::Link(link))).map_err(|errno| {
        match (errno, &over.over) {
            (Errno::BADF, None) => Error::invalid(
                "this iterator walks a map, which must be said: Iteration::new().map(&map)",
            )
            .caused_by(errno)
            .during(attempt()),
            (Errno::INVAL | Errno::TOOBIG, Some(Over::Task { .. })) => {
                let since = Release::new(6, 1);
                let kind = ErrorKind::Unsupported { feature: "iteration over single tasks", since };
                let message = "this kernel or this iterator cannot walk single tasks";
                Error::new(kind, message).caused_by(errno).during(attempt())
            }
            _ => refused(kernel, &[Capability::Perfmon], errno, attempt()),
        }
    })
}

/// What an iterator's program writes, as bytes; reading runs it.
#[derive(Debug)]
pub struct IterationOutput(File);

impl IterationOutput {
    pub(crate) fn new(file: File) -> Self {
        Self(file)
    }

    /// All of it.
    ///
    /// # Errors
    /// `System`: the program asked for the walk to end, or had no room.
    pub fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(|error| {
            let what = format!("read an iterator's output (descriptor {})", self.0.as_raw_fd());
            Error::new(ErrorKind::System, what).caused_by(error)
        })?;
        Ok(bytes)
    }
}

impl Read for IterationOutput {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buf) {
                // The kernel lets others run after many elements without output, and asks to come again.
                Err(error) if error.raw_os_error() == Some(Errno::AGAIN.raw_os_error()) => {}
                other => return other,
            }
        }
    }
}
