//! Probes of the kernel's functions.

use std::ffi::CString;
use std::fmt;

use osmia_sys::{Capability, Errno, PerfEvent, PerfFd, PerfSampling, PerfTarget, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::kprobe_event::{self, KprobeEvent};
use crate::link::probe_source::ProbeSource;
use crate::link::refused::refused;
use crate::link::setting::OwnedSetting;
use crate::link::{Held, Link, functions, perf};

/// What the functions of system calls begin with, on this machine's kernels.
const SYSCALL: &str = if cfg!(target_arch = "x86_64") {
    "__x64_sys_"
} else if cfg!(target_arch = "aarch64") {
    "__arm64_sys_"
} else if cfg!(target_arch = "s390x") {
    "__s390x_sys_"
} else if cfg!(target_arch = "riscv64") {
    "__riscv_sys_"
} else {
    "sys_"
};

/// A function of the kernel, and where in it a program runs.
///
/// # Examples
/// ```
/// use osmia::Kprobe;
///
/// let start = Kprobe::function("do_unlinkat").cookie(7);
/// let end = Kprobe::function("do_unlinkat").on_return();
/// let close = Kprobe::syscall("close");
/// assert_eq!(end.to_string(), "kretprobe do_unlinkat");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kprobe {
    function: String,
    is_syscall: bool,
    offset: u64,
    on_return: bool,
    cookie: Option<u64>,
}

impl Kprobe {
    /// The start of this function; one of a module may be written `module:function`.
    pub fn function(name: impl Into<String>) -> Self {
        Self { function: name.into(), is_syscall: false, offset: 0, on_return: false, cookie: None }
    }

    /// The function of this system call, whatever it is called on this machine: `close`.
    pub fn syscall(name: impl Into<String>) -> Self {
        Self { is_syscall: true, ..Self::function(name) }
    }

    /// Reads `function` or `function+0x10`.
    ///
    /// # Errors
    /// `Invalid`: what follows the `+` is no number.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Some((name, offset)) = text.split_once('+') else { return Ok(Self::function(text)) };
        let number = match offset.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => offset.parse(),
        };
        let offset = number.map_err(|error| {
            let message = format!("`{offset}` in `{text}` is no number of bytes");
            Error::invalid(message).caused_by(error)
        })?;
        Ok(Self::function(name).offset(offset))
    }

    /// So many bytes behind the start of the function, where an instruction begins.
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

    /// The number that `bpf_get_attach_cookie` returns to the program.
    ///
    /// # Kernel
    /// Since 5.15.
    #[must_use]
    pub fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// The names to try, the likeliest first.
    fn names(&self) -> Vec<String> {
        let name = &self.function;
        if self.is_syscall {
            return vec![
                format!("{SYSCALL}{name}"),
                format!("__se_sys_{name}"),
                format!("sys_{name}"),
            ];
        }
        vec![name.clone()]
    }
}

impl fmt::Display for Kprobe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ret = if self.on_return { "ret" } else { "" };
        let what = if self.is_syscall { "syscall" } else { "probe" };
        write!(f, "k{ret}{what} {}", self.function)?;
        if self.offset != 0 {
            write!(f, "+{:#x}", self.offset)?;
        }
        Ok(())
    }
}

/// Attaches a program to a kernel function.
pub(crate) fn attach(kernel: &Kernel, prog: &ProgFd, at: &Kprobe) -> Result<Link, Error> {
    let mut first = None;
    for name in at.names() {
        match attach_named(kernel, prog, at, &name) {
            Ok(held) => return Ok(Link::new(kernel, at.to_string(), held)),
            Err(Refused::No(Errno::NOENT)) if at.is_syscall => {
                first.get_or_insert(name);
            }
            Err(Refused::No(errno)) => return Err(failed(kernel, at, &name, errno)),
            Err(Refused::Error(error)) => return Err(error.during(format!("attach to {at}"))),
        }
    }
    let name = first.unwrap_or_else(|| at.function.clone());
    Err(failed(kernel, at, &name, Errno::NOENT))
}

enum Refused {
    No(Errno),
    Error(Error),
}

fn attach_named(kernel: &Kernel, prog: &ProgFd, at: &Kprobe, name: &str) -> Result<Held, Refused> {
    let Some(source) = ProbeSource::find(kernel, "kprobe") else {
        let (offset, on_return) = (at.offset, at.on_return);
        let event = KprobeEvent { function: name, offset, on_return };
        let held = kprobe_event::attach(kernel, prog, &event, at.cookie).map_err(Refused::Error)?;
        return Ok(Held::Setting(OwnedSetting::new(held)));
    };
    let function = CString::new(name)
        .map_err(|error| Refused::Error(Error::invalid("a name with a NUL").caused_by(error)))?;
    let event = PerfEvent::Kprobe {
        source: source.number,
        config: source.config(at.on_return),
        function: Some(&function),
        offset: at.offset,
    };
    let sampling = PerfSampling { period: 1, wakeup: 1, ..PerfSampling::default() };
    let fd = PerfFd::open(&event, PerfTarget::Cpu(0), &sampling).map_err(Refused::No)?;
    perf::attach(kernel, prog, fd, at.cookie).map(Held::Perf).map_err(Refused::Error)
}

fn failed(kernel: &Kernel, at: &Kprobe, name: &str, errno: Errno) -> Error {
    let attempt = format!("attach to {at}");
    match errno {
        Errno::ILSEQ => {
            Error::invalid(format!("no instruction of `{name}` begins at {:#x}", at.offset))
                .caused_by(errno)
                .during(attempt)
        }
        Errno::NOENT | Errno::INVAL | Errno::ADDRNOTAVAIL | Errno::OPNOTSUPP => {
            functions::explain(kernel, name).caused_by(errno).during(attempt)
        }
        _ => refused(kernel, &[Capability::Perfmon], errno, attempt),
    }
}

#[cfg(test)]
mod tests {
    use super::Kprobe;

    #[test]
    fn offsets_are_read() {
        assert_eq!(Kprobe::parse("do_exit").unwrap(), Kprobe::function("do_exit"));
        assert_eq!(Kprobe::parse("do_exit+0x10").unwrap(), Kprobe::function("do_exit").offset(16));
        assert_eq!(Kprobe::parse("do_exit+4").unwrap().to_string(), "kprobe do_exit+0x4");
        assert!(Kprobe::parse("do_exit+four").is_err());
    }
}
