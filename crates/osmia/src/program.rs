//! Programs.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use osmia_abi::{AttachType, BpfProgInfo, ProgType};
use osmia_object::ProgramSpec;
use osmia_sys::{ProgFd, ProgInfoBufs};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::refusal::by_id;
use crate::pin;
use crate::program::ids::ProgramIds;
use crate::program::info::ProgramInfo;
use crate::program::kernel_program::KernelProgram;
use crate::program::place::ProgramPlace;
use crate::program::test_run::{TestRun, TestRunResult};

mod attach;
mod functions;
pub mod ids;
pub mod info;
pub(crate) mod kernel_program;
pub mod kinds;
mod names;
pub(crate) mod place;
pub mod stream;
mod test_refusal;
pub mod test_run;

/// A loaded program of any type.
///
/// Typed handles ([`XdpProgram`](crate::XdpProgram), [`TracepointProgram`](crate::TracepointProgram)
/// and others) are made of it and know what it can be attached to. Clones are handles of the same
/// program, which lives as long as one of them, a link, or a pin.
///
/// A program of an object that was not loaded (its section begins with `?`) has a handle as well,
/// which says so when it is used.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// use osmia::{Kernel, Program};
///
/// for program in Program::all(&Kernel::running()?) {
///     let program = program?;
///     println!("{}: {} {}", program.info()?.id, program.prog_type(), program.name());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Program(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    prog_type: ProgType,
    attach_type: Option<AttachType>,
    attach_target: Option<String>,
    /// The name of its section, which tells apart what types do not: kprobes and uprobes.
    section: Option<String>,
    autoattach: bool,
    log: Option<String>,
    /// Where it runs, or why it runs nowhere.
    place: Result<Box<dyn ProgramPlace>, String>,
}

impl Program {
    /// A program of an object, loaded.
    pub(crate) fn loaded(
        spec: &ProgramSpec,
        prog_type: ProgType,
        place: impl ProgramPlace + 'static,
        log: Option<String>,
    ) -> Self {
        Self::of_spec(spec, prog_type, Ok(Box::new(place)), log)
    }

    /// A program of an object that was not loaded.
    pub(crate) fn left_out(spec: &ProgramSpec, why: impl Into<String>) -> Self {
        let prog_type = spec.prog_type.unwrap_or_default();
        Self::of_spec(spec, prog_type, Err(why.into()), None)
    }

    fn of_spec(
        spec: &ProgramSpec,
        prog_type: ProgType,
        place: Result<Box<dyn ProgramPlace>, String>,
        log: Option<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            name: spec.name.clone(),
            prog_type,
            attach_type: spec.attach_type,
            attach_target: spec.attach_target.clone(),
            section: Some(spec.section.clone()),
            autoattach: spec.autoattach,
            log,
            place,
        }))
    }

    /// The program with this id.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// `NotFound`: there is none; `Permission`.
    pub fn by_id(kernel: &Kernel, id: u32) -> Result<Self, Error> {
        let fd = kernel.bpf().prog_by_id(id);
        Self::of_fd(kernel, fd.map_err(|errno| by_id(kernel, "program", id, errno))?)
    }

    /// The program that is pinned at `path`.
    ///
    /// # Kernel
    /// Since 4.4.
    ///
    /// # Errors
    /// `NotFound`: there is no such file; `Invalid`: something else than a program is pinned there.
    pub fn from_pin(kernel: &Kernel, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let fd = ProgFd::new(pin::open(kernel, "program", path)?).map_err(|errno| {
            Error::invalid(format!("what is pinned at {} is not a program", path.display()))
                .caused_by(errno)
        })?;
        Self::of_fd(kernel, fd)
    }

    /// The programs of a kernel, in the order of their ids.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    pub fn all(kernel: &Kernel) -> ProgramIds {
        ProgramIds::new(kernel)
    }

    fn of_fd(kernel: &Kernel, fd: ProgFd) -> Result<Self, Error> {
        let info = kernel.bpf().prog_info(&fd, &mut ProgInfoBufs::default());
        let info = info.map_err(|errno| {
            Error::new(ErrorKind::System, "ask the kernel what a program is like").caused_by(errno)
        })?;
        let name = names::full_name(kernel, &fd, &info);
        let (prog_type, place) = (info.type_, Ok(Box::new(KernelProgram::new(kernel, fd)) as _));
        Ok(Self(Arc::new(Inner {
            name,
            prog_type,
            attach_type: None,
            attach_target: None,
            section: None,
            autoattach: false,
            log: None,
            place,
        })))
    }

    /// The program's name: its function's.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The program's type.
    pub fn prog_type(&self) -> ProgType {
        self.0.prog_type
    }

    /// What it is to be attached as, where its object says.
    pub fn attach_type(&self) -> Option<AttachType> {
        self.0.attach_type
    }

    /// What its section's name says to attach it to.
    pub fn attach_target(&self) -> Option<&str> {
        self.0.attach_target.as_deref()
    }

    /// The ELF section that it came from, if it is of an object.
    pub fn section(&self) -> Option<&str> {
        self.0.section.as_deref()
    }

    /// Whether it is attached when all programs of its object are.
    pub fn autoattach(&self) -> bool {
        self.0.autoattach
    }

    /// Whether it is loaded; programs whose section begins with `?` are not.
    pub fn is_loaded(&self) -> bool {
        self.0.place.is_ok()
    }

    /// The verifier's log, if [`Loader::verifier_log`](crate::Loader::verifier_log) asked for one.
    pub fn verifier_log(&self) -> Option<&str> {
        self.0.log.as_deref()
    }

    /// Runs the program by hand, with a packet or context of the caller's.
    ///
    /// # Kernel
    /// Since 4.12 for socket filters, tc and XDP; others came later, and tracepoint, kprobe and
    /// sk_skb programs among others cannot be run so.
    ///
    /// # Errors
    /// `Invalid`: the type cannot be run, or the packet or context does not suit it; the message says
    /// what does. `Interrupted`: a signal came between two of many runs.
    ///
    /// # Examples
    /// ```no_run
    /// # fn run(program: &osmia::Program) -> Result<(), osmia::Error> {
    /// use osmia::TestRun;
    ///
    /// let result = program.test_run(&TestRun::data(&[0; 14]).repeat(1000))?;
    /// println!("returned {}, {:?} per run", result.retval, result.duration);
    /// # Ok(())
    /// # }
    /// ```
    pub fn test_run(&self, run: &TestRun<'_>) -> Result<TestRunResult, Error> {
        test_run::run(self, run)
    }

    /// What the kernel tells of the program.
    ///
    /// # Kernel
    /// Since 4.13.
    ///
    /// # Errors
    /// `Invalid`: the program is not in a kernel.
    pub fn info(&self) -> Result<ProgramInfo, Error> {
        let program = self.kernel("asking for its info")?;
        info::of(self, program)
    }

    /// Gives the program a name in a bpf file system, which keeps it alive.
    ///
    /// # Kernel
    /// Since 4.4.
    ///
    /// # Errors
    /// `Exists`: the name is taken; `NotFound`: its directory does not exist; `Invalid`: that is
    /// not in a bpf file system; `Permission`.
    pub fn pin(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let program = self.kernel("pinning")?;
        let what = format!("program `{}`", self.name());
        pin::pin(program.kernel_value().bpf(), &what, program.fd(), path.as_ref())
    }

    /// The program's descriptor.
    ///
    /// # Errors
    /// `Invalid`: the program is not in a kernel.
    pub fn fd(&self) -> Result<BorrowedFd<'_>, Error> {
        Ok(self.kernel("borrowing its descriptor")?.fd().as_fd())
    }

    /// The descriptor's number, for maps that hold it.
    pub(crate) fn raw_fd(&self) -> Result<u32, Error> {
        Ok(self.fd()?.as_raw_fd() as u32)
    }

    pub(crate) fn place(&self) -> Result<&dyn ProgramPlace, Error> {
        match &self.0.place {
            Ok(place) => Ok(&**place),
            Err(why) => {
                Err(Error::invalid(format!("program `{}` is not loaded: {why}", self.name())))
            }
        }
    }

    /// The program in the kernel; `what` is for the error where it is somewhere else.
    pub(crate) fn kernel(&self, what: &str) -> Result<&KernelProgram, Error> {
        self.place()?.kernel().ok_or_else(|| {
            let name = self.name();
            Error::invalid(format!("program `{name}` is not in a kernel: {what} is not possible"))
        })
    }
}

/// The kernel's own name of a program, cut to 15 bytes.
pub(crate) fn short_name(info: &BpfProgInfo) -> String {
    crate::map::info::text(&info.name)
}
