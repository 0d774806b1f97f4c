//! The only door to the kernel: bpf(2), perf events, netlink, and mapped memory.
//!
//! Everything outward is safe: descriptors are owned or borrowed, slices carry their lengths, and what the
//! kernel writes is bounded by sizes that come from the kernel. Errors are the kernel's own numbers; to say what
//! they mean is the business of the floors above.
#![cfg(target_os = "linux")]

mod area;
mod bpf;
mod btf;
mod btf_file;
mod caps;
mod counter;
mod cpus;
mod fd;
mod info;
mod iter;
mod kind;
mod link;
mod link_info;
mod link_tail;
mod log;
mod map;
mod map_batch;
mod map_fd;
mod map_shape;
mod mount;
mod name;
mod netlink;
mod netlink_dump;
mod netlink_route;
mod netlink_tc;
mod netns;
mod obj;
mod perf_event;
mod perf_history;
mod perf_output;
mod perf_ring;
mod prog;
mod ptr;
mod ring_memory;
mod rlimit;
mod scalar;
mod shared_memory;
mod socket;
mod stats;
mod task_fd;
mod test_run;
mod token;
mod user_ring;
mod wait;

pub use osmia_abi as abi;
pub use rustix::io::Errno;

pub use crate::area::page_size;
pub use crate::bpf::{Bpf, Call, Returned, Syscalls};
pub use crate::btf_file::read_btf_file;
pub use crate::caps::{Capabilities, Capability, Lockdown, UnprivilegedBpf};
pub use crate::counter::CallCounter;
pub use crate::cpus::{online_cpus, possible_cpus};
pub use crate::info::ProgInfoBufs;
pub use crate::kind::{BtfFd, FdKind, LinkFd, ProgFd};
pub use crate::link::LinkCreate;
pub use crate::link_info::LinkInfoBufs;
pub use crate::link_tail::{Functions, IterOver, LinkTail, Neighbour, Position, Side, UprobeMulti};
pub use crate::log::Log;
pub use crate::map::MapCreate;
pub use crate::map_batch::{BatchCursor, Batched};
pub use crate::map_fd::MapFd;
pub use crate::map_shape::MapShape;
pub use crate::mount::KernelFs;
pub use crate::name::ObjName;
pub use crate::netlink::{Netlink, NetlinkError, XdpPrograms};
pub use crate::netlink_dump::{Interface, TcAction, TcProgram};
pub use crate::netlink_route::{Route, RouteHook};
pub use crate::netlink_tc::{TcFilter, TcSide};
pub use crate::netns::enter_netns;
pub use crate::obj::IdKind;
pub use crate::perf_event::{PerfEvent, PerfFd, PerfSampling, PerfTarget};
pub use crate::perf_history::PerfHistory;
pub use crate::perf_output::{PerfOutput, PerfWakeup};
pub use crate::perf_ring::PerfRing;
pub use crate::prog::{AttachBtf, AttachTarget, ProgAttach, ProgLoad, ProgQuery, Queried, Records};
pub use crate::ring_memory::{RingMemory, RingPositions};
pub use crate::rlimit::{lift_memlock, memlock};
pub use crate::scalar::Scalar;
pub use crate::shared_memory::SharedMemory;
pub use crate::socket::{
    clear_reuseport_program, clear_socket_filter, set_reuseport_program, set_socket_filter,
};
pub use crate::task_fd::TaskFd;
pub use crate::test_run::{Ran, TestRun};
pub use crate::user_ring::{UserRecord, UserRing};
pub use crate::wait::{Poller, wait_readable};

/// `ENOTSUPP`: what the kernel means by "this type cannot do that"; it has no name in the C library.
pub const ENOTSUPP: Errno = Errno::from_raw_os_error(524);

/// Open without waiting for data, for [`OpenOptionsExt::custom_flags`](std::os::unix::fs::OpenOptionsExt).
pub const O_NONBLOCK: i32 = libc::O_NONBLOCK;
