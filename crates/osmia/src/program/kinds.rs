//! Programs by type.

use std::ops::Deref;

use osmia_abi::ProgType;

use crate::error::Error;
use crate::program::Program;

/// A handle that knows the type of a program.
pub trait TypedProgram: Sized + sealed::Sealed {
    /// The handle of this program.
    ///
    /// # Errors
    /// `Invalid`: the program is of another type.
    fn from_program(program: Program) -> Result<Self, Error>;
}

mod sealed {
    /// Handles are made in this crate alone, so that they can learn more.
    pub trait Sealed {}
}

impl sealed::Sealed for Program {}

impl TypedProgram for Program {
    fn from_program(program: Program) -> Result<Self, Error> {
        Ok(program)
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident: $($prog_type:ident)|*;)*) => {$(
        $(#[$meta])*
        ///
        /// It is a [`Program`] and derefs to one.
        #[derive(Clone, Debug)]
        pub struct $kind(Program);

        impl sealed::Sealed for $kind {}

        impl TypedProgram for $kind {
            fn from_program(program: Program) -> Result<Self, Error> {
                let accepted = [$(ProgType::$prog_type),*];
                check(&program, stringify!($kind), &accepted)?;
                Ok(Self(program))
            }
        }

        impl TryFrom<Program> for $kind {
            type Error = Error;

            fn try_from(program: Program) -> Result<Self, Error> {
                Self::from_program(program)
            }
        }

        impl Deref for $kind {
            type Target = Program;

            fn deref(&self) -> &Program {
                &self.0
            }
        }

        impl From<$kind> for Program {
            fn from(program: $kind) -> Self {
                program.0
            }
        }
    )*};
}

kinds! {
    /// A socket filter (`SEC("socket")`).
    SocketFilterProgram: SOCKET_FILTER;
    /// A program for a tracepoint (`SEC("tracepoint/...")`, `SEC("tp/...")`).
    TracepointProgram: TRACEPOINT;
    /// A program for a raw tracepoint (`SEC("raw_tp/...")`).
    RawTracepointProgram: RAW_TRACEPOINT | RAW_TRACEPOINT_WRITABLE;
    /// A tracing program by BTF (`SEC("tp_btf/...")`, `fentry`, `fexit`, `fmod_ret`, `iter`).
    TracingProgram: TRACING;
    /// A program for a security hook (`SEC("lsm/...")`).
    LsmProgram: LSM;
    /// A program for a probe in the kernel or a user's program (`SEC("kprobe/...")`, `kretprobe`,
    /// `uprobe`, `uretprobe`).
    ProbeProgram: KPROBE;
    /// A program for a perf event (`SEC("perf_event")`).
    PerfEventProgram: PERF_EVENT;
    /// A program for received packets, before the network stack (`SEC("xdp")`).
    XdpProgram: XDP;
    /// A program for packets of a network interface (`SEC("tc")`, `SEC("tcx/...")`,
    /// `SEC("action")`).
    TcProgram: SCHED_CLS | SCHED_ACT;
    /// A program of a cgroup (`SEC("cgroup/...")`, `SEC("cgroup_skb/...")`, `SEC("sockops")`).
    CgroupProgram: CGROUP_SKB | CGROUP_SOCK | CGROUP_SOCK_ADDR | CGROUP_SOCKOPT | CGROUP_SYSCTL
        | CGROUP_DEVICE | SOCK_OPS;
    /// A program for a netfilter hook (`SEC("netfilter")`).
    NetfilterProgram: NETFILTER;
    /// A program for the packets of a route (`SEC("lwt_in")`, `lwt_out`, `lwt_xmit`), or of a segment
    /// (`lwt_seg6local`).
    LwtProgram: LWT_IN | LWT_OUT | LWT_XMIT | LWT_SEG6LOCAL;
    /// A program that finds the socket for a packet or connection (`SEC("sk_lookup")`).
    SkLookupProgram: SK_LOOKUP;
    /// A program that takes packets' headers apart (`SEC("flow_dissector")`).
    FlowDissectorProgram: FLOW_DISSECTOR;
    /// A program that chooses among sockets that share a port (`SEC("sk_reuseport")`).
    SkReuseportProgram: SK_REUSEPORT;
    /// A program for what the sockets of a map send (`SEC("sk_msg")`).
    SkMsgProgram: SK_MSG;
    /// A program for what the sockets of a map receive (`SEC("sk_skb/...")`).
    SkSkbProgram: SK_SKB;
    /// A program that replaces a function of another program (`SEC("freplace/...")`).
    ExtensionProgram: EXT;
    /// A program that is run by hand and may make system calls (`SEC("syscall")`).
    SyscallProgram: SYSCALL;
}

fn check(program: &Program, handle: &str, accepted: &[ProgType]) -> Result<(), Error> {
    if accepted.contains(&program.prog_type()) {
        return Ok(());
    }
    let names: Vec<String> = accepted.iter().map(ToString::to_string).collect();
    Err(Error::invalid(format!(
        "program `{}` is of type {}; {handle} is for {}",
        program.name(),
        program.prog_type(),
        names.join(", ")
    )))
}
