//! Attaching programs.

use osmia_abi::{AttachType, ProgType};

use crate::error::Error;
use crate::link::iteration::Iteration;
use crate::link::raw_tracepoint::RawTracepoint;
use crate::link::tracepoint::Tracepoint;
use crate::link::tracing_multi::TracingMulti;
use crate::link::xdp::XdpMode;
use crate::link::{
    Link, extension, iteration, raw_tracepoint, security, tracepoint, tracing, tracing_multi, xdp,
};
use crate::program::Program;
use crate::program::attach::probe::ProbeTarget;
use crate::program::kernel_program::KernelProgram;
use crate::program::kinds::{
    ExtensionProgram, LsmProgram, RawTracepointProgram, TracepointProgram, TracingProgram,
    XdpProgram,
};

/// The types of programs that cgroups have.
const CGROUP_TYPES: [ProgType; 7] = [
    ProgType::CGROUP_SKB,
    ProgType::CGROUP_SOCK,
    ProgType::CGROUP_SOCK_ADDR,
    ProgType::CGROUP_SOCKOPT,
    ProgType::CGROUP_SYSCTL,
    ProgType::CGROUP_DEVICE,
    ProgType::SOCK_OPS,
];

mod cgroup;
mod event;
mod network;
mod probe;

/// What a program is attached to if nobody says otherwise.
pub(crate) enum Target {
    Tracepoint(Tracepoint),
    RawTracepoint(RawTracepoint),
    /// What it was loaded for, in words.
    Loaded(String),
    /// The functions of a pattern.
    Many(TracingMulti),
    Probe(ProbeTarget),
    /// All that there is of a kind.
    Iterator(String),
}

impl Program {
    /// Attaches it to what its section's name says: `SEC("tracepoint/syscalls/sys_enter_close")`.
    ///
    /// # Errors
    /// `Invalid`: the name of its section says no place, and who does not; `NotFound`: this kernel has no such
    /// place; `Permission`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(object: osmia::Object) -> Result<(), osmia::Error> {
    /// let _link = object.program("on_exec")?.attach()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach(&self) -> Result<Link, Error> {
        match self.target() {
            Ok(target) => self.attach_to_target(&target),
            Err(why) => Err(Error::invalid(format!(
                "program `{}` cannot be attached by itself: {why}",
                self.name()
            ))),
        }
    }

    pub(crate) fn attach_to_target(&self, target: &Target) -> Result<Link, Error> {
        self.attached(|program| match target {
            Target::Tracepoint(place) => {
                tracepoint::attach(program.kernel_value(), program.fd(), place)
            }
            Target::RawTracepoint(name) => {
                raw_tracepoint::attach(program.kernel_value(), program.fd(), name)
            }
            Target::Loaded(place) => {
                if self.prog_type() == ProgType::LSM {
                    security::check(program.kernel_value())
                        .map_err(|error| error.during(format!("attach to {place}")))?;
                }
                tracing::attach(program.kernel_value(), program.fd(), place)
            }
            Target::Many(functions) => self.attach_to_many(program, functions),
            Target::Probe(place) => place.attach(program, self.attach_type()),
            Target::Iterator(target) => {
                let all = Iteration::new();
                iteration::attach(program.kernel_value(), program.fd(), target, &all)
            }
        })
    }

    /// What its section names, or why that is no place.
    pub(crate) fn target(&self) -> Result<Target, String> {
        let section = self.section().unwrap_or_default().trim_start_matches('?');
        let target = self.attach_target().filter(|target| !target.is_empty());
        match (self.prog_type(), target) {
            (ProgType::TRACEPOINT, Some(target)) => {
                Tracepoint::parse(target).map(Target::Tracepoint).map_err(|error| error.to_string())
            }
            (ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE, Some(target)) => {
                Ok(Target::RawTracepoint(RawTracepoint::new(target)))
            }
            (ProgType::KPROBE, Some(target)) => {
                ProbeTarget::of_section(section, target).map(Target::Probe)
            }
            (ProgType::TRACING, Some(target))
                if self.attach_type() == Some(AttachType::TRACE_ITER) =>
            {
                match target {
                    "bpf_map_elem" | "bpf_sk_storage_map" | "sockmap" => {
                        Err("which map it walks must be said".to_owned())
                    }
                    target => Ok(Target::Iterator(target.to_owned())),
                }
            }
            (ProgType::TRACING, target) if self.is_for_many_functions() => target
                .map(|pattern| Target::Many(TracingMulti::matching(pattern)))
                .ok_or_else(|| "which functions it is for must be said".to_owned()),
            (ProgType::LSM, Some(_)) if self.attach_type() == Some(AttachType::LSM_CGROUP) => {
                Err("which cgroup it is for must be said".to_owned())
            }
            (ProgType::TRACING | ProgType::LSM, Some(target)) => {
                let kind = section.split('/').next().unwrap_or_default();
                Ok(Target::Loaded(format!("{kind} {target}")))
            }
            (ProgType::XDP, _) => Err("which interface it is for must be said".to_owned()),
            (ProgType::SCHED_CLS, _) => Err("which interface it is for must be said".to_owned()),
            (ProgType::SCHED_ACT, _) => Err("it is an action of a filter, for which tc(8) takes \
                 it from a pin (`action bpf object-pinned`); in SEC(\"tc\") it acts by itself"
                .to_owned()),
            (ProgType::PERF_EVENT, _) => Err("which event it is for must be said".to_owned()),
            (ProgType::NETFILTER, _) => Err("which hook it is for must be said".to_owned()),
            (ProgType::SK_LOOKUP | ProgType::FLOW_DISSECTOR, _) => {
                Err("which network namespace it is for must be said".to_owned())
            }
            (ProgType::SK_MSG | ProgType::SK_SKB, _) => {
                Err("which map of sockets it is for must be said".to_owned())
            }
            (prog_type, _) if CGROUP_TYPES.contains(&prog_type) => {
                Err("which cgroup it is for must be said".to_owned())
            }
            (
                ProgType::LWT_IN | ProgType::LWT_OUT | ProgType::LWT_XMIT | ProgType::LWT_SEG6LOCAL,
                _,
            ) => Err("which route it is for must be said".to_owned()),
            (ProgType::LIRC_MODE2, _) => Err("it is for a receiver of infrared light \
                 (/dev/lirc0), to which Osmia attaches nothing by itself: `Bpf::prog_attach` or \
                 ir-keytable(1) does"
                .to_owned()),
            (ProgType::SOCKET_FILTER, _) => Err("a socket filter is set on a socket".to_owned()),
            (ProgType::EXT, target) => Ok(Target::Loaded(match target {
                Some(function) => format!("freplace {function}"),
                None => "the function that it was loaded for".to_owned(),
            })),
            (ProgType::STRUCT_OPS, _) => {
                Err("it is attached with the table of callbacks that it stands in".to_owned())
            }
            (_, None) => Err(format!("its section, `{section}`, names nothing to attach to")),
            (prog_type, Some(_)) => Err(format!(
                "programs of type {prog_type} in section `{section}` do not attach by themselves"
            )),
        }
    }

    fn is_for_many_functions(&self) -> bool {
        self.attach_type().is_some_and(AttachType::is_for_many_functions)
    }

    fn attach_to_many(
        &self,
        program: &KernelProgram,
        functions: &TracingMulti,
    ) -> Result<Link, Error> {
        let attach_type = self.attach_type().unwrap_or_default();
        tracing_multi::attach(program.kernel_value(), program.fd(), attach_type, functions)
    }

    /// Attaches it by `attach`, if it is in a kernel; says which program failed.
    fn attached(
        &self,
        attach: impl FnOnce(&KernelProgram) -> Result<Link, Error>,
    ) -> Result<Link, Error> {
        let program = self.kernel("attaching")?;
        attach(program).map_err(|error| error.during(format!("attach program `{}`", self.name())))
    }
}

impl ExtensionProgram {
    /// Puts it in the place of a function of a program, which may be another one than it was loaded
    /// for; [`Program::attach`] takes that. The function's prototype must be the same.
    ///
    /// # Kernel
    /// Since 5.10.
    ///
    /// # Errors
    /// `NotFound`: the program has no such function; `Invalid`: its prototype is another one; `Busy`:
    /// an extension is in its place already; `Permission`.
    pub fn attach_to(&self, target: &Program, function: &str) -> Result<Link, Error> {
        self.attached(|program| extension::attach(program, target, function))
    }
}

impl TracepointProgram {
    /// Attaches it to a tracepoint; [`Program::attach`] takes the one that its section names.
    ///
    /// # Kernel
    /// Since 4.7. It is a link since 5.15.
    ///
    /// # Errors
    /// `NotFound`: this kernel has no such tracepoint, or tracefs is not mounted; `Permission`.
    pub fn attach_to(&self, place: &Tracepoint) -> Result<Link, Error> {
        self.attached(|program| tracepoint::attach(program.kernel_value(), program.fd(), place))
    }
}

impl RawTracepointProgram {
    /// Attaches it to the raw tracepoint of this name (without its category), or to a [`RawTracepoint`];
    /// [`Program::attach`] takes the one that its section names.
    ///
    /// # Kernel
    /// Since 4.17. It is a link since 5.8.
    ///
    /// # Errors
    /// `NotFound`: this kernel has no such tracepoint; `Unsupported`: it has no cookies; `Permission`.
    pub fn attach_to(&self, place: impl Into<RawTracepoint>) -> Result<Link, Error> {
        let place = place.into();
        self.attached(|program| {
            raw_tracepoint::attach(program.kernel_value(), program.fd(), &place)
        })
    }
}

impl TracingProgram {
    /// Attaches it to what it was loaded for.
    ///
    /// # Kernel
    /// Since 5.5. It is a link since 5.7. Before 5.13 a program can be attached once only, even after it is detached.
    ///
    /// # Errors
    /// `Busy`: it is attached already; `Invalid`: it was attached before, on a kernel before 5.13; `Permission`.
    pub fn attach(&self) -> Result<Link, Error> {
        Program::attach(self)
    }

    /// Attaches it to what it was loaded for, with the number that `bpf_get_attach_cookie` returns to it.
    ///
    /// # Kernel
    /// Since 5.19 for `fentry`, `fexit` and `fmod_ret`, 6.10 for `tp_btf`.
    ///
    /// # Errors
    /// `Busy`: it is attached already; `Unsupported`; `Permission`.
    pub fn attach_with_cookie(&self, cookie: u64) -> Result<Link, Error> {
        self.attached(|program| {
            let attach_type = self.attach_type().unwrap_or_default();
            let place = self.attach_target().unwrap_or("what it was loaded for");
            let (kernel, fd) = (program.kernel_value(), program.fd());
            tracing::attach_with_cookie(kernel, fd, attach_type, place, cookie)
        })
    }

    /// Attaches it to many functions of the kernel by one link; it must be of `SEC("fentry.multi")`,
    /// `SEC("fexit.multi")` or `SEC("fsession.multi")`.
    ///
    /// # Kernel
    /// Since 7.2.
    ///
    /// # Errors
    /// `NotFound`: a function does not exist, or none fits; `Invalid`: it is of another section, or one of the
    /// functions cannot be traced by it; `Unsupported`; `Permission`.
    pub fn attach_functions(&self, functions: &TracingMulti) -> Result<Link, Error> {
        if !self.is_for_many_functions() {
            return Err(Error::invalid(format!(
                "program `{}` is for one function; SEC(\"fentry.multi\") and its siblings are for many",
                self.name()
            )));
        }
        self.attached(|program| self.attach_to_many(program, functions))
    }
}

impl LsmProgram {
    /// Attaches it to the security hook that it was loaded for.
    ///
    /// # Kernel
    /// Since 5.7, with `CONFIG_BPF_LSM` and `bpf` in the list of security modules (`lsm=` on the kernel's
    /// command line).
    ///
    /// # Errors
    /// `Busy`: it is attached already; `Unsupported`: it would never run, because `bpf` is not in that list; `Permission`.
    pub fn attach(&self) -> Result<Link, Error> {
        Program::attach(self)
    }
}

impl XdpProgram {
    /// Attaches it to an interface of the calling thread's network namespace.
    ///
    /// # Kernel
    /// Since 4.8; the generic mode since 4.12. It is a link since 5.9, and before that a setting of the interface,
    /// which is undone when the [`Link`] is dropped.
    ///
    /// # Errors
    /// `NotFound`: there is no such interface; `Busy`: another program is attached there; `Invalid`: the driver
    /// cannot do it in this mode; `Permission`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(drop_all: osmia::XdpProgram) -> Result<(), osmia::Error> {
    /// use osmia::{XdpMode, interface_index};
    ///
    /// let _link = drop_all.attach(interface_index("veth0")?, XdpMode::Any)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach(&self, ifindex: u32, mode: XdpMode) -> Result<Link, Error> {
        self.attached(|program| xdp::attach(program.kernel_value(), program.fd(), ifindex, mode))
    }
}
