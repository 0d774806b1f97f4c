//! Why a test run was refused.

use osmia_abi::{ProgType, XdpMd};
use osmia_sys::{ENOTSUPP, Errno};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::program::Program;
use crate::program::test_run::TestRun;

/// The bytes of an Ethernet header, the least that the kernel makes a packet of.
const ETHERNET_HEADER: usize = 14;
/// The most arguments of a traced function, and the bytes of one.
const ARGUMENTS: usize = 12;
const ARGUMENT: usize = 8;

/// The types that can be run by hand, as their sections are called.
const RUNNABLE: &str = "socket, tc, xdp, cgroup_skb, lwt_in, lwt_out, lwt_xmit, flow_dissector, \
                        sk_lookup, netfilter (with a packet), raw_tp, syscall (with a context), \
                        fentry and fexit on the kernel's own test functions";

/// The error of a test run that was refused.
#[cold]
pub(super) fn refused(program: &Program, run: &TestRun<'_>, errno: Errno) -> Error {
    let (kind, why) = why(program.prog_type(), run, errno);
    let why = format!("test run of program `{}`: {why}", program.name());
    Error::new(kind, why).caused_by(errno)
}

fn why(prog_type: ProgType, run: &TestRun<'_>, errno: Errno) -> (ErrorKind, String) {
    let section = section(prog_type);
    match errno {
        errno if errno == ENOTSUPP || errno == Errno::OPNOTSUPP => (
            ErrorKind::Invalid,
            format!("{section} programs cannot be run by hand. Those that can: {RUNNABLE}"),
        ),
        Errno::INTR => (ErrorKind::Interrupted, "a signal came between two runs".to_owned()),
        Errno::INVAL | Errno::TOOBIG => (ErrorKind::Invalid, unsuitable(prog_type, run, section)),
        Errno::NXIO => (
            ErrorKind::NotFound,
            format!("CPU {} is not there, or not running", run.cpu.unwrap_or(0)),
        ),
        Errno::NODEV => (
            ErrorKind::NotFound,
            "the context names a network interface that does not exist".to_owned(),
        ),
        Errno::NOMEM => (ErrorKind::System, "there is no memory for the packet".to_owned()),
        Errno::NOSYS => (
            ErrorKind::Unsupported { feature: "test runs", since: Release::new(4, 12) },
            "the kernel has no test runs".to_owned(),
        ),
        _ => (ErrorKind::System, "the kernel refuses it".to_owned()),
    }
}

/// What `EINVAL` is about, from looking at what was given.
fn unsuitable(prog_type: ProgType, run: &TestRun<'_>, section: &str) -> String {
    let (data, ctx) = (run.data.len(), run.ctx.len());
    match prog_type {
        ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE => raw_tracepoint(run),
        ProgType::SYSCALL => syscall(run),
        ProgType::XDP if run.batch_size > 0 || run.flags != 0 => format!(
            "flags {:#x} with a batch of {}: live frames take a batch of at most 256, a `repeat`, \
             and a context whose data starts at its metadata",
            run.flags, run.batch_size
        ),
        _ if data < ETHERNET_HEADER => format!(
            "a {section} program needs a packet of at least {ETHERNET_HEADER} bytes, an Ethernet \
             header; this one has {data}"
        ),
        ProgType::XDP if ctx != 0 => format!(
            "the context of an xdp program is a `struct xdp_md` ({} bytes, given {ctx}) with data \
             = the length of metadata, data_end = {data}, ingress_ifindex and rx_queue_index of an \
             interface that exists, and the rest 0",
            size_of::<XdpMd>()
        ),
        ProgType::XDP => format!(
            "an xdp program that does not declare `xdp.frags` takes packets that fit a page beside \
             the kernel's own data, in older kernels; this one has {data} bytes"
        ),
        _ if ctx != 0 => format!(
            "the context (given {ctx} bytes) of a {section} program is a `struct __sk_buff` in which \
             only mark, priority, ingress_ifindex, ifindex, cb, tstamp, wire_len, gso_segs, gso_size \
             and hwtstamp may be set"
        ),
        _ if run.cpu.is_some() => {
            format!("a CPU can be chosen for raw_tp programs, not for {section} programs")
        }
        _ => format!("the kernel does not take a packet of {data} bytes for a {section} program"),
    }
}

fn raw_tracepoint(run: &TestRun<'_>) -> String {
    let ctx = run.ctx.len();
    let most = ARGUMENTS * ARGUMENT;
    let rule = "a raw_tp program takes a context, the tracepoint's arguments as 8 bytes each";
    if !run.data.is_empty() {
        return format!("{rule}; it takes no packet, and {} bytes are given", run.data.len());
    }
    if run.repeat != 0 || run.batch_size != 0 {
        return format!("{rule}; it runs once, `repeat` is not for it");
    }
    if ctx > most {
        return format!("{rule}, at most {most} in all; {ctx} are given");
    }
    format!("{rule}; {ctx} bytes are given, and the program reads further than that")
}

fn syscall(run: &TestRun<'_>) -> String {
    let rule = "a syscall program takes a context of up to 65535 bytes";
    if !run.data.is_empty() {
        return format!("{rule}; it takes no packet, and {} bytes are given", run.data.len());
    }
    if run.repeat != 0 || run.flags != 0 || run.batch_size != 0 {
        return format!("{rule}; it runs once, without flags");
    }
    format!("{rule}; {} are given, and the program may read further than that", run.ctx.len())
}

/// What the sections of such programs are called.
fn section(prog_type: ProgType) -> &'static str {
    match prog_type {
        ProgType::SOCKET_FILTER => "socket",
        ProgType::KPROBE => "kprobe and uprobe",
        ProgType::SCHED_CLS => "tc",
        ProgType::RAW_TRACEPOINT => "raw_tp",
        ProgType::RAW_TRACEPOINT_WRITABLE => "raw_tp.w",
        ProgType::TRACING => "tp_btf, fentry and fexit",
        other => other.name().unwrap_or("such"),
    }
}
