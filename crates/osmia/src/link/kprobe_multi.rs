//! Probes of many functions of the kernel by one link.

use std::ffi::{CStr, CString};
use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_abi::flags::BPF_F_KPROBE_MULTI_RETURN;
use osmia_sys::{Capability, Errno, Functions, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::function_list::FunctionList;
use crate::link::refused::refused;
use crate::link::{Held, Link, attach_types, functions};

/// Functions of the kernel, by pattern or one by one.
///
/// # Kernel
/// Since 5.18, with `CONFIG_FPROBE`; sessions, in which one program runs at the start and at the end, since 6.10.
///
/// # Examples
/// ```
/// use osmia::KprobeMulti;
///
/// let all = KprobeMulti::matching("tcp_*");
/// let some = KprobeMulti::functions(["do_unlinkat", "do_rmdir"]).cookies([1, 2]).on_return();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KprobeMulti {
    which: FunctionList,
    cookies: Vec<u64>,
    on_return: bool,
}

impl KprobeMulti {
    /// All functions that can be traced and fit this pattern, in which `*` is any text and `?` any character.
    pub fn matching(pattern: impl Into<String>) -> Self {
        Self { which: FunctionList::pattern(pattern), cookies: Vec::new(), on_return: false }
    }

    /// These functions.
    pub fn functions<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { which: FunctionList::names(names), cookies: Vec::new(), on_return: false }
    }

    /// The numbers that `bpf_get_attach_cookie` returns, in the order of the functions that were given one by one.
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

    fn names(&self, kernel: &Kernel) -> Result<Vec<String>, Error> {
        let names = match &self.which {
            FunctionList::Patterns(patterns) => functions::matching(kernel, patterns)?,
            FunctionList::Names(names) => names.clone(),
        };
        self.which.check(&names, &self.cookies)?;
        Ok(names)
    }
}

/// Attaches a program to many kernel functions, as what it was loaded for.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    said: Option<AttachType>,
    at: &KprobeMulti,
) -> Result<Link, Error> {
    let attach_type = said.unwrap_or(AttachType::TRACE_KPROBE_MULTI);
    let names = at.names(kernel).map_err(|error| error.during("attach to many functions"))?;
    let place = at.which.place(names.len());
    let attempt = || format!("attach to {place}");
    let texts: Result<Vec<CString>, _> = names.iter().map(|name| CString::new(&**name)).collect();
    let texts = texts.map_err(|error| Error::invalid(attempt()).caused_by(error))?;
    let texts: Vec<&CStr> = texts.iter().map(CString::as_c_str).collect();
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type,
        flags: 0,
        tail: LinkTail::KprobeMulti {
            flags: if at.on_return { BPF_F_KPROBE_MULTI_RETURN } else { 0 },
            functions: Functions::Names(&texts),
            cookies: &at.cookies,
        },
    });
    created
        .map(|link| Link::new(kernel, place.clone(), Held::Link(link)))
        .map_err(|errno| failed(kernel, errno, attach_type, &names).during(attempt()))
}

fn failed(kernel: &Kernel, errno: Errno, attach_type: AttachType, names: &[String]) -> Error {
    let (feature, since) = match attach_type {
        AttachType::TRACE_KPROBE_SESSION => ("kprobe sessions", Release::new(6, 10)),
        _ => ("kprobes of many functions", Release::new(5, 18)),
    };
    if let Some(lacking) = attach_types::lacking(kernel, attach_type, feature, since) {
        return lacking.caused_by(errno);
    }
    match errno {
        Errno::OPNOTSUPP => {
            let message = format!("this kernel was built without {feature} (CONFIG_FPROBE)");
            Error::new(ErrorKind::Unsupported { feature, since }, message).caused_by(errno)
        }
        Errno::SRCH | Errno::NOENT | Errno::INVAL => {
            // One of them is the cause; the kernel does not say which.
            let found = functions::matching(kernel, names).unwrap_or_default();
            match names.iter().find(|name| !found.contains(name)) {
                Some(absent) => functions::explain(kernel, absent).caused_by(errno),
                None => Error::invalid("the kernel refuses one of the functions or its flags")
                    .caused_by(errno),
            }
        }
        _ => refused(kernel, &[Capability::Perfmon], errno, "make the link"),
    }
}
