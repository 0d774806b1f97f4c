//! Attaching programs to functions of the kernel and of other programs.

use osmia_abi::AttachType;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::link::kprobe::Kprobe;
use crate::link::kprobe_multi::KprobeMulti;
use crate::link::uprobe::Uprobe;
use crate::link::uprobe_multi::UprobeMulti;
use crate::link::usdt::Usdt;
use crate::link::{Link, kprobe, kprobe_multi, uprobe, uprobe_multi, usdt};
use crate::program::kernel_program::KernelProgram;
use crate::program::kinds::ProbeProgram;

/// What a program of a probe is attached to if nobody says otherwise.
pub(crate) enum ProbeTarget {
    Kprobe(Kprobe),
    KprobeMulti(KprobeMulti),
    Uprobe(Uprobe),
    UprobeMulti(UprobeMulti),
    Usdt(Usdt),
}

impl ProbeTarget {
    /// What this section's name says: its kind, and what follows.
    pub(crate) fn of_section(section: &str, target: &str) -> Result<Self, String> {
        let kind = section.split('/').next().unwrap_or_default();
        let kind = kind.strip_suffix(".s").unwrap_or(kind);
        let told = |error: Error| error.to_string();
        Ok(match kind {
            "kprobe" => Self::Kprobe(Kprobe::parse(target).map_err(told)?),
            "kretprobe" => Self::Kprobe(Kprobe::parse(target).map_err(told)?.on_return()),
            "ksyscall" => Self::Kprobe(Kprobe::syscall(target)),
            "kretsyscall" => Self::Kprobe(Kprobe::syscall(target).on_return()),
            "kprobe.multi" | "kprobe.session" => Self::KprobeMulti(KprobeMulti::matching(target)),
            "kretprobe.multi" => Self::KprobeMulti(KprobeMulti::matching(target).on_return()),
            "uprobe" => Self::Uprobe(Uprobe::parse(target).map_err(told)?),
            "uretprobe" => Self::Uprobe(Uprobe::parse(target).map_err(told)?.on_return()),
            "uprobe.multi" | "uprobe.session" => {
                Self::UprobeMulti(UprobeMulti::parse(target).map_err(told)?)
            }
            "uretprobe.multi" => {
                Self::UprobeMulti(UprobeMulti::parse(target).map_err(told)?.on_return())
            }
            "usdt" => Self::Usdt(Usdt::parse(target).map_err(told)?),
            _ => {
                return Err(format!("programs in section `{section}` do not attach by themselves"));
            }
        })
    }

    pub(crate) fn attach(
        &self,
        program: &KernelProgram,
        attach_type: Option<AttachType>,
    ) -> Result<Link, Error> {
        let (kernel, fd) = (program.kernel_value(), program.fd());
        match self {
            Self::Kprobe(place) => kprobe::attach(kernel, fd, place),
            Self::KprobeMulti(places) => kprobe_multi::attach(kernel, fd, attach_type, places),
            Self::Uprobe(place) => uprobe::attach(kernel, fd, attach_type, place),
            Self::UprobeMulti(places) => uprobe_multi::attach(kernel, fd, attach_type, places),
            Self::Usdt(mark) => usdt::attach(kernel, fd, attach_type, program.usdt(), mark),
        }
    }
}

impl ProbeProgram {
    /// Attaches it to a function of the kernel; [`Program::attach`](crate::Program::attach) takes the one that its
    /// section names.
    ///
    /// # Kernel
    /// Since 4.1, with `CONFIG_KPROBE_EVENTS`. It is a link since 5.15.
    ///
    /// # Errors
    /// `NotFound`: there is no such function; near names are told; `Invalid`: it cannot be probed; `Permission`.
    pub fn attach_kprobe(&self, place: &Kprobe) -> Result<Link, Error> {
        self.attached(|program| {
            let attached = kprobe::attach(program.kernel_value(), program.fd(), place);
            attached.map_err(|error| self.perhaps_for_many(error))
        })
    }

    /// Why a place was refused, if what the program was loaded for is the cause.
    fn perhaps_for_many(&self, error: Error) -> Error {
        let many = [AttachType::TRACE_KPROBE_MULTI, AttachType::TRACE_KPROBE_SESSION];
        if error.kind() == ErrorKind::Invalid
            && self.attach_type().is_some_and(|ty| many.contains(&ty))
        {
            let message = "the program is for many functions by one link, and the kernel takes it by no other: `attach_kprobes` \
                           attaches it, to a single function too";
            return Error::invalid(message).caused_by(error);
        }
        error
    }

    /// Attaches it to many functions of the kernel by one link; it must be of `SEC("kprobe.multi")` or
    /// `SEC("kprobe.session")`.
    ///
    /// # Kernel
    /// Since 5.18, with `CONFIG_FPROBE`; sessions since 6.10.
    ///
    /// # Errors
    /// `NotFound`: a function does not exist, or none fits; `Unsupported`; `Permission`.
    pub fn attach_kprobes(&self, places: &KprobeMulti) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            kprobe_multi::attach(kernel, fd, self.attach_type(), places)
        })
    }

    /// Attaches it to a place in a program or library.
    ///
    /// # Kernel
    /// Since 4.17, with `CONFIG_UPROBE_EVENTS`. It is a link since 5.15; for programs of `SEC("usdt")` and
    /// `SEC("uprobe.multi")`, one to many places, of which this is the only one.
    ///
    /// # Errors
    /// `NotFound`: there is no such file, function or process; near names are told; `Permission`.
    pub fn attach_uprobe(&self, place: &Uprobe) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            uprobe::attach(kernel, fd, self.attach_type(), place)
        })
    }

    /// Attaches it to many places of a program or library by one link; it must be of `SEC("uprobe.multi")` or
    /// `SEC("uprobe.session")`.
    ///
    /// # Kernel
    /// Since 6.6; sessions since 6.13.
    ///
    /// # Errors
    /// `NotFound`: there is no such file or process, or no such function; `Unsupported`; `Permission`.
    pub fn attach_uprobes(&self, places: &UprobeMulti) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            uprobe_multi::attach(kernel, fd, self.attach_type(), places)
        })
    }

    /// Attaches it to all places of a mark of a program or library (USDT). A program of `SEC("usdt")` that includes
    /// `bpf/usdt.bpf.h` can ask there for the mark's arguments.
    ///
    /// # Kernel
    /// Since 4.17, with `CONFIG_UPROBE_EVENTS`; marks with a semaphore since 4.20. It is one link since 6.6, for programs
    /// of `SEC("usdt")`; before, and for those of `SEC("uprobe")`, each place has an attachment of its own. Before 5.15
    /// programs know marks by their addresses, and which process runs a library must be said.
    ///
    /// # Errors
    /// `NotFound`: there is no such file, mark or process; near names are told; `Invalid`: what the mark says of its
    /// arguments is not understood; `Full`: the program has no room for more kinds of arguments; `Unsupported`; `Permission`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn attach(program: &osmia::ProbeProgram) -> Result<(), osmia::Error> {
    /// use osmia::Usdt;
    ///
    /// let _link = program.attach_usdt(&Usdt::new("libc.so.6", "libc", "setjmp").cookie(7))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_usdt(&self, mark: &Usdt) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            usdt::attach(kernel, fd, self.attach_type(), program.usdt(), mark)
        })
    }
}
