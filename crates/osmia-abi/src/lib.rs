//! The kernel's BPF ABI as data: open enums and one attribute struct per bpf(2) command.
//!
//! Everything in it is plain data: no system call, no unsafe code, any operating system. The tables are
//! generated from a kernel's own BTF by `cargo xtask abi`.
//!
//! # Examples
//!
//! ```
//! use osmia_abi::{FuncId, MapType};
//!
//! assert_eq!(MapType::PERCPU_ARRAY.name(), Some("percpu_array"));
//! assert_eq!(MapType::from_name("hash"), Some(MapType::HASH));
//! assert_eq!(MapType::HASH.to_string(), "BPF_MAP_TYPE_HASH");
//! assert_eq!(MapType(9999).to_string(), "bpf_map_type(9999)");
//! assert_eq!(FuncId(1).name(), Some("bpf_map_lookup_elem"));
//! ```
#![no_std]

mod generated;
mod open_enum;

pub use crate::generated::attach_type::AttachType;
pub use crate::generated::cgroup_iter_order::CgroupIterOrder;
pub use crate::generated::cmd::Cmd;
pub use crate::generated::func_id::FuncId;
pub use crate::generated::link_type::LinkType;
pub use crate::generated::map_type::MapType;
pub use crate::generated::perf_event_type::PerfEventType;
pub use crate::generated::prog_type::ProgType;
pub use crate::generated::stats_type::StatsType;
pub use crate::generated::task_fd_type::TaskFdType;
pub use crate::generated::xdp_action::XdpAction;
