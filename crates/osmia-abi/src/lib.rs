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

mod abi_struct;
mod context;
pub mod flags;
mod generated;
mod many_functions;
mod open_enum;
mod tail;

pub use crate::generated::attach_type::AttachType;
pub use crate::generated::btf::{BpfBtfInfo, BtfLoadAttr};
pub use crate::generated::cgroup_iter_order::CgroupIterOrder;
pub use crate::generated::cmd::Cmd;
pub use crate::generated::ctx::{BpfSkLookup, SkBuff, XdpMd};
pub use crate::generated::func_id::FuncId;
pub use crate::generated::link::{
    IterCreateAttr, IterLinkCgroup, IterLinkMap, IterLinkTask, LinkCreateAttr, LinkCreateCgroup,
    LinkCreateIter, LinkCreateKprobeMulti, LinkCreateNetfilter, LinkCreateNetkit,
    LinkCreatePerfEvent, LinkCreateTcx, LinkCreateTracing, LinkCreateTracingMulti,
    LinkCreateUprobeMulti, LinkDetachAttr, LinkUpdateAttr,
};
pub use crate::generated::link_info::{
    BpfLinkInfo, LinkInfoCgroup, LinkInfoEvent, LinkInfoIter, LinkInfoIterCgroup, LinkInfoIterTask,
    LinkInfoKprobe, LinkInfoKprobeMulti, LinkInfoNetfilter, LinkInfoNetkit, LinkInfoNetns,
    LinkInfoPerfEvent, LinkInfoRawTracepoint, LinkInfoSockmap, LinkInfoStructOps, LinkInfoTcx,
    LinkInfoTracepoint, LinkInfoTracing, LinkInfoTracingMulti, LinkInfoUprobe, LinkInfoUprobeMulti,
    LinkInfoXdp,
};
pub use crate::generated::link_type::LinkType;
pub use crate::generated::map::{BpfMapInfo, MapBatchAttr, MapCreateAttr, MapElemAttr};
pub use crate::generated::map_type::MapType;
pub use crate::generated::map_value::{BpfCpumapVal, BpfDevmapVal};
pub use crate::generated::obj::{
    EnableStatsAttr, GetIdAttr, InfoByFdAttr, ObjPinAttr, TaskFdQueryAttr, TokenCreateAttr,
};
pub use crate::generated::perf::PerfEventAttr;
pub use crate::generated::perf_event_type::PerfEventType;
pub use crate::generated::prog::{
    BpfFuncInfo, BpfLineInfo, BpfProgInfo, CommonAttr, ProgAssocStructOpsAttr, ProgAttachAttr,
    ProgBindMapAttr, ProgLoadAttr, ProgQueryAttr, ProgStreamReadAttr, ProgTestRunAttr,
    RawTracepointOpenAttr,
};
pub use crate::generated::prog_type::ProgType;
pub use crate::generated::stats_type::StatsType;
pub use crate::generated::task_fd_type::TaskFdType;
pub use crate::generated::xdp_action::XdpAction;
pub use crate::tail::{LinkCreateTail, LinkInfoTail};
