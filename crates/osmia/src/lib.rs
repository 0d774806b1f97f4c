//! eBPF for Rust: load, attach, read and test BPF programs.

pub mod error;
pub mod generated;
#[cfg(test)]
mod handmade;
mod ids;
mod include;
mod initial_value;
pub mod kernel;
pub mod link;
pub mod links;
mod load;
pub mod map;
mod near;
mod object;
mod object_bytes;
mod open;
pub mod perf;
mod pin;
mod plain;
pub mod probes;
pub mod program;
pub mod ring;
mod shared;
pub mod struct_ops;
mod trace_line;
mod trace_pipe;
mod tracefs;
#[cfg(feature = "symbolize")]
mod user_symbols;
pub mod variable;
pub mod verifier;

pub use osmia_abi::{AttachType, CgroupIterOrder, FuncId, MapType, ProgType};
pub use osmia_object::{MapSpec, ObjectSpec, ProgramSpec, VariableSpec};
pub use zerocopy;

pub use crate::error::Error;
pub use crate::error::kind::{ErrorKind, Release};
pub use crate::kernel::probe::{KernelFeature, Language};
pub use crate::kernel::statistics::Statistics;
pub use crate::kernel::symbols::{KernelSymbol, KernelSymbols};
pub use crate::kernel::{Kernel, KernelBuilder};
pub use crate::link::breakpoint::Breakpoint;
pub use crate::link::cache::{Cache, CacheOutcome, CacheUse};
pub use crate::link::cgroup::{Cgroup, CgroupMode};
pub use crate::link::details::LinkDetails;
pub use crate::link::iteration::{Iteration, IterationOutput};
pub use crate::link::kprobe::Kprobe;
pub use crate::link::kprobe_multi::KprobeMulti;
pub use crate::link::leftover::Leftover;
pub use crate::link::netfilter::{Netfilter, NetfilterFamily, NetfilterHook};
pub use crate::link::netkit::Netkit;
pub use crate::link::order::Anchor;
pub use crate::link::perf_event::PerfEvent;
pub use crate::link::raw_tracepoint::RawTracepoint;
pub use crate::link::records::IterationRecords;
pub use crate::link::route::Route;
pub use crate::link::tc::Tc;
pub use crate::link::tc_filter::TcFilter;
pub use crate::link::tracepoint::Tracepoint;
pub use crate::link::tracing_multi::TracingMulti;
pub use crate::link::uprobe::Uprobe;
pub use crate::link::uprobe_multi::UprobeMulti;
pub use crate::link::usdt::Usdt;
pub use crate::link::xdp::{XdpMode, interface_index};
pub use crate::link::{Link, LinkInfo};
pub use crate::links::{LeftOut, Links};
pub use crate::load::Loader;
pub use crate::map::Map;
pub use crate::map::array::Array;
pub use crate::map::array_of_maps::ArrayOfMaps;
pub use crate::map::entries::Entries;
pub use crate::map::hash_of_maps::HashOfMaps;
pub use crate::map::info::MapInfo;
pub use crate::map::inner_map::InnerMap;
pub use crate::map::per_cpu::{PerCpuArray, PerCpuHashMap};
pub use crate::map::perf_event_array::PerfEventArray;
pub use crate::map::program_array::ProgramArray;
pub use crate::map::ring_buf::RingBuf;
pub use crate::map::stack_traces::StackTraces;
pub use crate::map::table::{HashMap, LpmTrie, LruHashMap};
pub use crate::map::update::{UpdateFlags, Updated};
pub use crate::map::user_ring_buf::UserRingBuf;
pub use crate::object::Object;
pub use crate::open::{open, open_file};
pub use crate::perf::buffer::PerfBuffer;
pub use crate::perf::history::PerfHistory;
pub use crate::perf::{PerfReader, PerfRecord};
pub use crate::plain::Plain;
pub use crate::probes::{Probe, ProbeKind};
pub use crate::program::Program;
pub use crate::program::info::ProgramInfo;
pub use crate::program::kinds::{
    CgroupProgram, ExtensionProgram, FlowDissectorProgram, LsmProgram, LwtProgram,
    NetfilterProgram, PerfEventProgram, ProbeProgram, RawTracepointProgram, SkLookupProgram,
    SkMsgProgram, SkReuseportProgram, SkSkbProgram, SocketFilterProgram, SyscallProgram, TcProgram,
    TracepointProgram, TracingProgram, XdpProgram,
};
pub use crate::program::stream::ProgramStream;
pub use crate::program::test_run::{TestRun, TestRunResult};
pub use crate::ring::RingReader;
pub use crate::ring::poller::RingPoller;
pub use crate::ring::producer::RingProducer;
#[cfg(feature = "tokio")]
pub use crate::ring::tokio::{AsyncReader, Reader};
pub use crate::struct_ops::StructOps;
pub use crate::trace_line::TraceLine;
pub use crate::trace_pipe::TracePipe;
#[cfg(feature = "symbolize")]
pub use crate::user_symbols::{UserSymbol, UserSymbols};
pub use crate::variable::{Constant, Variable};
pub use crate::verifier::VerifierError;
pub use osmia_sys::{RingPositions, Scalar, UserRecord};
