//! The programs of a module.

use osmia_abi::ProgType;
use osmia_object::{ObjectSpec, ProgramSpec};

use crate::generate::names::{self, Claims};

/// A program's field.
pub(crate) struct Program {
    pub field: String,
    /// The program's name in the object.
    pub name: String,
    /// The handle's name in the run-time.
    pub handle: &'static str,
    pub doc: String,
}

/// Types of programs with a handle of their own.
const HANDLES: &[(ProgType, &str)] = &[
    (ProgType::SOCKET_FILTER, "SocketFilterProgram"),
    (ProgType::TRACEPOINT, "TracepointProgram"),
    (ProgType::RAW_TRACEPOINT, "RawTracepointProgram"),
    (ProgType::RAW_TRACEPOINT_WRITABLE, "RawTracepointProgram"),
    (ProgType::TRACING, "TracingProgram"),
    (ProgType::LSM, "LsmProgram"),
    (ProgType::KPROBE, "ProbeProgram"),
    (ProgType::PERF_EVENT, "PerfEventProgram"),
    (ProgType::XDP, "XdpProgram"),
    (ProgType::SCHED_CLS, "TcProgram"),
    (ProgType::SCHED_ACT, "TcProgram"),
    (ProgType::CGROUP_SKB, "CgroupProgram"),
    (ProgType::CGROUP_SOCK, "CgroupProgram"),
    (ProgType::CGROUP_SOCK_ADDR, "CgroupProgram"),
    (ProgType::CGROUP_SOCKOPT, "CgroupProgram"),
    (ProgType::CGROUP_SYSCTL, "CgroupProgram"),
    (ProgType::CGROUP_DEVICE, "CgroupProgram"),
    (ProgType::SOCK_OPS, "CgroupProgram"),
    (ProgType::EXT, "ExtensionProgram"),
    (ProgType::FLOW_DISSECTOR, "FlowDissectorProgram"),
    (ProgType::SK_LOOKUP, "SkLookupProgram"),
    (ProgType::SK_MSG, "SkMsgProgram"),
    (ProgType::SK_REUSEPORT, "SkReuseportProgram"),
    (ProgType::SK_SKB, "SkSkbProgram"),
    (ProgType::NETFILTER, "NetfilterProgram"),
    (ProgType::LWT_IN, "LwtProgram"),
    (ProgType::LWT_OUT, "LwtProgram"),
    (ProgType::LWT_XMIT, "LwtProgram"),
    (ProgType::SYSCALL, "SyscallProgram"),
];

pub(super) fn programs(object: &ObjectSpec) -> Vec<Program> {
    let mut claims = Claims::default();
    let program = |spec: &ProgramSpec| Program {
        field: claims.claim(&names::plain(&spec.name), "_"),
        name: spec.name.clone(),
        handle: handle(spec.prog_type),
        doc: format!(
            "Program `{}` in `SEC(\"{}\")`.",
            names::shown(&spec.name),
            names::shown(&spec.section)
        ),
    };
    object.programs.values().map(program).collect()
}

fn handle(prog_type: Option<ProgType>) -> &'static str {
    let known = HANDLES.iter().find(|(known, _)| Some(*known) == prog_type);
    known.map_or("Program", |(_, handle)| handle)
}
