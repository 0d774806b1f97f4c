//! Probes of many functions of a program or library by one link.

use std::ffi::CString;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use osmia_abi::AttachType;
use osmia_abi::flags::BPF_F_UPROBE_MULTI_RETURN;
use osmia_sys::{Capability, Errno, LinkCreate, LinkFd, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::Release;
use crate::kernel::Kernel;
use crate::link::executable::Executable;
use crate::link::refused::refused;
use crate::link::{Held, Link, attach_types, uprobe};

/// Functions of a program or library, by pattern or one by one.
///
/// # Kernel
/// Since 6.6; sessions, in which one program runs at the start and at the end, since 6.13.
///
/// # Examples
/// ```
/// use osmia::UprobeMulti;
///
/// let all = UprobeMulti::matching("libc.so.6", "str*");
/// let some = UprobeMulti::functions("libc.so.6", ["malloc", "free"]).cookies([1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UprobeMulti {
    file: PathBuf,
    which: Which,
    cookies: Vec<u64>,
    on_return: bool,
    process: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Pattern(String),
    Names(Vec<String>),
    Offsets(Vec<u64>),
}

impl UprobeMulti {
    /// All functions that fit this pattern, in which `*` is any text and `?` any character.
    pub fn matching(file: impl Into<PathBuf>, pattern: impl Into<String>) -> Self {
        Self::of(file.into(), Which::Pattern(pattern.into()))
    }

    /// These functions.
    pub fn functions<S: Into<String>>(
        file: impl Into<PathBuf>,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::of(file.into(), Which::Names(names.into_iter().map(Into::into).collect()))
    }

    /// These places, as bytes from the start of the file.
    pub fn offsets(file: impl Into<PathBuf>, offsets: impl IntoIterator<Item = u64>) -> Self {
        Self::of(file.into(), Which::Offsets(offsets.into_iter().collect()))
    }

    /// Reads `file:pattern`.
    ///
    /// # Errors
    /// `Invalid`: the text has no separator.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (file, pattern) = text.rsplit_once(':').ok_or_else(|| {
            Error::invalid(format!(
                "`{text}` names no functions: write a file and a pattern, such as `libc.so.6:str*`"
            ))
        })?;
        Ok(Self::matching(file, pattern))
    }

    fn of(file: PathBuf, which: Which) -> Self {
        Self { file, which, cookies: Vec::new(), on_return: false, process: 0 }
    }

    /// The numbers that `bpf_get_attach_cookie` returns, in the order of the functions or places that were given.
    #[must_use]
    pub fn cookies(mut self, cookies: impl IntoIterator<Item = u64>) -> Self {
        self.cookies = cookies.into_iter().collect();
        self
    }

    /// When the functions return.
    #[must_use]
    pub fn on_return(mut self) -> Self {
        self.on_return = true;
        self
    }

    /// In this process only; in all that run the file if none is said.
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.process = pid;
        self
    }

    fn places(&self, path: &Path) -> Result<Vec<u64>, Error> {
        let offsets = match &self.which {
            Which::Offsets(offsets) => offsets.clone(),
            Which::Pattern(pattern) => Executable::open(path)?.matching(pattern)?,
            Which::Names(names) => {
                let file = Executable::open(path)?;
                names.iter().map(|name| file.function(name)).collect::<Result<_, _>>()?
            }
        };
        let by_order = !matches!(self.which, Which::Pattern(_));
        if offsets.is_empty() {
            return Err(Error::invalid("no function is said"));
        }
        if self.cookies.is_empty() || by_order && self.cookies.len() == offsets.len() {
            return Ok(offsets);
        }
        Err(Error::invalid(format!(
            "{} cookies for {} places: each that is given one by one takes one",
            self.cookies.len(),
            offsets.len()
        )))
    }
}

/// Attaches a program to many places of a file, as what it was loaded for.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    said: Option<AttachType>,
    at: &UprobeMulti,
) -> Result<Link, Error> {
    let attach_type = said.unwrap_or(AttachType::TRACE_UPROBE_MULTI);
    let place = format!("functions of {}", at.file.display());
    let attempt = || format!("attach to {place}");
    let path = uprobe::file(kernel, &at.file).map_err(|error| error.during(attempt()))?;
    let offsets = at.places(&path).map_err(|error| error.during(attempt()))?;
    let link = FilePlaces {
        path: &path,
        offsets: &offsets,
        semaphores: &[],
        cookies: &at.cookies,
        on_return: at.on_return,
        process: at.process,
    }
    .link(kernel, prog, attach_type)
    .map_err(|error| error.during(attempt()))?;
    Ok(Link::new(kernel, format!("{} {place}", offsets.len()), Held::Link(link)))
}

/// Places in a program or library, as one link takes them.
#[derive(Debug)]
pub(crate) struct FilePlaces<'a> {
    /// The file.
    pub(crate) path: &'a Path,
    /// Where in it.
    pub(crate) offsets: &'a [u64],
    /// Where in it the counts of users are: for each place, or none at all.
    pub(crate) semaphores: &'a [u64],
    /// For each place, or none at all.
    pub(crate) cookies: &'a [u64],
    /// When the functions return that begin there.
    pub(crate) on_return: bool,
    /// The one process that it is for; 0 for all.
    pub(crate) process: u32,
}

impl FilePlaces<'_> {
    /// Lets the program run there.
    pub(crate) fn link(
        &self,
        kernel: &Kernel,
        prog: &ProgFd,
        attach_type: AttachType,
    ) -> Result<LinkFd, Error> {
        let path = CString::new(self.path.as_os_str().as_bytes())
            .map_err(|error| Error::invalid("a path with a NUL").caused_by(error))?;
        let created = kernel.bpf().link_create(&LinkCreate {
            prog: prog.as_fd(),
            target: None,
            attach_type,
            flags: 0,
            tail: LinkTail::UprobeMulti(osmia_sys::UprobeMulti {
                path: &path,
                offsets: self.offsets,
                ref_ctr_offsets: self.semaphores,
                cookies: self.cookies,
                flags: if self.on_return { BPF_F_UPROBE_MULTI_RETURN } else { 0 },
                pid: self.process,
            }),
        });
        created.map_err(|errno| failed(kernel, errno, attach_type))
    }
}

/// Why there is no link to many places.
fn failed(kernel: &Kernel, errno: Errno, attach_type: AttachType) -> Error {
    let (feature, since) = match attach_type {
        AttachType::TRACE_UPROBE_SESSION => ("uprobe sessions", Release::new(6, 13)),
        _ => ("uprobes of many functions", Release::new(6, 6)),
    };
    match attach_types::lacking(kernel, attach_type, feature, since) {
        Some(lacking) => lacking.caused_by(errno),
        None if errno == Errno::SRCH => {
            Error::not_found("there is no such process").caused_by(errno)
        }
        None => refused(kernel, &[Capability::Perfmon], errno, "make the link"),
    }
}
