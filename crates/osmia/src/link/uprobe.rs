//! Probes of functions of programs and libraries.

use std::ffi::CString;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use osmia_abi::AttachType;
use osmia_sys::{Capability, Errno, LinkFd, PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::executable::Executable;
use crate::link::perf::PerfAttachment;
use crate::link::probe_source::ProbeSource;
use crate::link::refused::refused;
use crate::link::uprobe_multi::FilePlaces;
use crate::link::{Held, Link, library, perf};

/// A place in a program or library, where a BPF program runs when a process comes by.
///
/// The file is a path, the name of a library as the dynamic loader finds it (`libc.so.6`), or a command.
///
/// # Examples
/// ```
/// use osmia::Uprobe;
///
/// let all_mallocs = Uprobe::function("libc.so.6", "malloc").cookie(7);
/// let my_reads = Uprobe::function("/bin/bash", "readline").on_return().process(std::process::id());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uprobe {
    file: PathBuf,
    function: Option<String>,
    offset: u64,
    on_return: bool,
    process: Option<u32>,
    semaphore: u32,
    cookie: Option<u64>,
}

impl Uprobe {
    /// The start of a function. Where a library has it in several versions, a name such as `memcpy@GLIBC_2.2.5` tells which;
    /// `@@` asks for it only if programs that are linked today get it, as they do without any version.
    pub fn function(file: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self { function: Some(name.into()), ..Self::at(file, 0) }
    }

    /// This place in the file, as bytes from its start.
    pub fn at(file: impl Into<PathBuf>, offset: u64) -> Self {
        Self {
            file: file.into(),
            function: None,
            offset,
            on_return: false,
            process: None,
            semaphore: 0,
            cookie: None,
        }
    }

    /// Reads `file:function`, `file:function@VERSION`, `file:function+0x10` or `file:0x1234`.
    ///
    /// # Errors
    /// `Invalid`: the text has no such form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::invalid(format!(
                "`{text}` is no place in a program: write its file and function, such as `libc.so.6:malloc`"
            ))
        };
        let (file, place) = text.rsplit_once(':').ok_or_else(wrong)?;
        if file.is_empty() || place.is_empty() {
            return Err(wrong());
        }
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        if let Some(offset) = number(place) {
            return Ok(Self::at(file, offset));
        }
        match place.split_once('+') {
            Some((name, bytes)) => {
                Ok(Self::function(file, name).offset(number(bytes).ok_or_else(wrong)?))
            }
            None => Ok(Self::function(file, place)),
        }
    }

    /// So many bytes behind the start of the function.
    #[must_use]
    pub fn offset(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// When the function returns.
    #[must_use]
    pub fn on_return(mut self) -> Self {
        self.on_return = true;
        self
    }

    /// In this process or thread only; in all that run the file if none is said.
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.process = Some(pid);
        self
    }

    /// Where in the file the count of a probe's users is, which the kernel raises while the link lives.
    ///
    /// # Kernel
    /// Since 4.20.
    #[must_use]
    pub fn semaphore(mut self, offset: u32) -> Self {
        self.semaphore = offset;
        self
    }

    /// The number that `bpf_get_attach_cookie` returns to the program.
    ///
    /// # Kernel
    /// Since 5.15.
    #[must_use]
    pub fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = Some(cookie);
        self
    }

    fn place(&self, path: &Path) -> Result<u64, Error> {
        let start = match &self.function {
            Some(name) => Executable::open(path)?.function(name)?,
            None => 0,
        };
        start.checked_add(self.offset).ok_or_else(|| Error::invalid("the offset is too large"))
    }
}

impl fmt::Display for Uprobe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ret = if self.on_return { "ret" } else { "" };
        write!(f, "u{ret}probe {}:", self.file.display())?;
        match (&self.function, self.offset) {
            (Some(name), 0) => f.write_str(name),
            (Some(name), offset) => write!(f, "{name}+{offset:#x}"),
            (None, offset) => write!(f, "{offset:#x}"),
        }
    }
}

/// The file of a probe, as a path.
pub(crate) fn file(kernel: &Kernel, file: &Path) -> Result<PathBuf, Error> {
    match file.to_str() {
        Some(name) => library::find(kernel, name),
        None => Ok(file.to_owned()),
    }
}

/// Attaches a program to a place in a program or library, as what it was loaded for.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    said: Option<AttachType>,
    at: &Uprobe,
) -> Result<Link, Error> {
    let held = match said {
        // The kernel takes them by links to many places only. This is one.
        Some(said @ (AttachType::TRACE_UPROBE_MULTI | AttachType::TRACE_UPROBE_SESSION)) => {
            attach_as_many(kernel, prog, said, at).map(Held::Link)
        }
        _ => attach_event(kernel, prog, at).map(Held::Perf),
    };
    let held = held.map_err(|error| error.during(format!("attach to {at}")))?;
    Ok(Link::new(kernel, at.to_string(), held))
}

fn attach_as_many(
    kernel: &Kernel,
    prog: &ProgFd,
    said: AttachType,
    at: &Uprobe,
) -> Result<LinkFd, Error> {
    let path = file(kernel, &at.file)?;
    let places = FilePlaces {
        path: &path,
        offsets: &[at.place(&path)?],
        semaphores: if at.semaphore == 0 { &[] } else { &[u64::from(at.semaphore)] },
        cookies: at.cookie.as_slice(),
        on_return: at.on_return,
        process: at.process.unwrap_or(0),
    };
    places.link(kernel, prog, said)
}

/// Attaches a program by a perf event, as a part of something larger.
pub(crate) fn attach_event(
    kernel: &Kernel,
    prog: &ProgFd,
    at: &Uprobe,
) -> Result<PerfAttachment, Error> {
    perf::attach(kernel, prog, open(kernel, at)?, at.cookie)
}

fn open(kernel: &Kernel, at: &Uprobe) -> Result<PerfFd, Error> {
    let path = file(kernel, &at.file)?;
    let offset = at.place(&path)?;
    let source = ProbeSource::find(kernel, "uprobe").ok_or_else(|| {
        let since = Release::new(4, 17);
        let kind = ErrorKind::Unsupported { feature: "uprobes by perf events", since };
        Error::new(kind, "this kernel has no source `uprobe` of perf events (CONFIG_UPROBE_EVENTS)")
    })?;
    let text = CString::new(path.as_os_str().as_bytes())
        .map_err(|error| Error::invalid("a path with a NUL").caused_by(error))?;
    let event = PerfEvent::Uprobe {
        source: source.number,
        config: source.config(at.on_return) | u64::from(at.semaphore) << 32,
        path: &text,
        offset,
    };
    let target = at.process.map_or(PerfTarget::Cpu(0), PerfTarget::Process);
    let sampling = PerfSampling { period: 1, wakeup: 1, ..PerfSampling::default() };
    PerfFd::open(&event, target, &sampling).map_err(|errno| {
        let (kind, told) = match errno {
            Errno::NOENT => (ErrorKind::NotFound, format!("there is no file {}", path.display())),
            Errno::SRCH => (ErrorKind::NotFound, "there is no such process".to_owned()),
            Errno::INVAL => (
                ErrorKind::Invalid,
                format!(
                    "{} cannot be probed at {offset:#x}: not in a file that is mapped to run",
                    path.display()
                ),
            ),
            _ => {
                return refused(
                    kernel,
                    &[Capability::Perfmon],
                    errno,
                    "open the probe's perf event",
                );
            }
        };
        Error::new(kind, told).caused_by(errno)
    })
}

#[cfg(test)]
mod tests {
    use super::Uprobe;

    #[test]
    fn places_are_read() {
        let malloc = Uprobe::function("libc.so.6", "malloc");
        assert_eq!(Uprobe::parse("libc.so.6:malloc").unwrap(), malloc);
        assert_eq!(Uprobe::parse("libc.so.6:malloc+0x4").unwrap(), malloc.offset(4));
        assert_eq!(Uprobe::parse("/bin/sh:0x1234").unwrap(), Uprobe::at("/bin/sh", 0x1234));
        for wrong in ["malloc", ":malloc", "/bin/sh:", "/bin/sh:main+x"] {
            assert!(Uprobe::parse(wrong).is_err(), "{wrong}");
        }
    }
}
