//! The structs, file by file.

use super::{File, Struct};

const fn a_struct(
    name: &'static str,
    path: &'static str,
    doc: &'static str,
    names: &'static [(&'static str, &'static str)],
) -> Struct {
    Struct { name, path, doc, names }
}

const MAP: &[Struct] = &[
    a_struct("MapCreateAttr", "bpf_attr/#map_type", "`BPF_MAP_CREATE`.", &[]),
    a_struct(
        "MapElemAttr",
        "bpf_attr/#map_fd",
        "The single-element commands of a map, and `BPF_MAP_FREEZE`.",
        &[],
    ),
    a_struct("MapBatchAttr", "bpf_attr/batch", "The batch commands of a map.", &[]),
    a_struct(
        "BpfMapInfo",
        "bpf_map_info",
        "What `BPF_OBJ_GET_INFO_BY_FD` tells of a map.",
        &[("type", "MapType")],
    ),
];

const PROG: &[Struct] = &[
    a_struct("ProgLoadAttr", "bpf_attr/#prog_type", "`BPF_PROG_LOAD`.", &[]),
    a_struct(
        "ProgAttachAttr",
        "bpf_attr/#target_fd",
        "`BPF_PROG_ATTACH` and `BPF_PROG_DETACH`.",
        &[],
    ),
    a_struct("ProgTestRunAttr", "bpf_attr/test", "`BPF_PROG_TEST_RUN`.", &[]),
    a_struct("ProgQueryAttr", "bpf_attr/query", "`BPF_PROG_QUERY`.", &[]),
    a_struct("ProgBindMapAttr", "bpf_attr/prog_bind_map", "`BPF_PROG_BIND_MAP`.", &[]),
    a_struct(
        "ProgAssocStructOpsAttr",
        "bpf_attr/prog_assoc_struct_ops",
        "`BPF_PROG_ASSOC_STRUCT_OPS`.",
        &[],
    ),
    a_struct(
        "ProgStreamReadAttr",
        "bpf_attr/prog_stream_read",
        "`BPF_PROG_STREAM_READ_BY_FD`.",
        &[],
    ),
    a_struct("RawTracepointOpenAttr", "bpf_attr/raw_tracepoint", "`BPF_RAW_TRACEPOINT_OPEN`.", &[]),
    a_struct(
        "BpfProgInfo",
        "bpf_prog_info",
        "What `BPF_OBJ_GET_INFO_BY_FD` tells of a program.",
        &[("type", "ProgType")],
    ),
    a_struct(
        "BpfFuncInfo",
        "bpf_func_info",
        "The BTF type of a function, by the instruction it starts at.",
        &[],
    ),
    a_struct("BpfLineInfo", "bpf_line_info", "The source line of an instruction.", &[]),
    a_struct(
        "CommonAttr",
        "bpf_common_attr",
        "The log that any command may write, with `BPF_COMMON_ATTRS`.",
        &[],
    ),
];

const OBJ: &[Struct] = &[
    a_struct("ObjPinAttr", "bpf_attr/#pathname", "`BPF_OBJ_PIN` and `BPF_OBJ_GET`.", &[]),
    a_struct(
        "GetIdAttr",
        "bpf_attr/#start_id",
        "The commands that walk ids, and those that open an object by its id.",
        &[],
    ),
    a_struct("InfoByFdAttr", "bpf_attr/info", "`BPF_OBJ_GET_INFO_BY_FD`.", &[]),
    a_struct(
        "TaskFdQueryAttr",
        "bpf_attr/task_fd_query",
        "`BPF_TASK_FD_QUERY`.",
        &[("fd_type", "TaskFdType")],
    ),
    a_struct(
        "EnableStatsAttr",
        "bpf_attr/enable_stats",
        "`BPF_ENABLE_STATS`.",
        &[("type", "StatsType")],
    ),
    a_struct("TokenCreateAttr", "bpf_attr/token_create", "`BPF_TOKEN_CREATE`.", &[]),
];

const BTF: &[Struct] = &[
    a_struct("BtfLoadAttr", "bpf_attr/#btf", "`BPF_BTF_LOAD`.", &[]),
    a_struct(
        "BpfBtfInfo",
        "bpf_btf_info",
        "What `BPF_OBJ_GET_INFO_BY_FD` tells of a BTF object.",
        &[],
    ),
];

const LINK: &[Struct] = &[
    a_struct(
        "LinkCreateAttr",
        "bpf_attr/link_create",
        "`BPF_LINK_CREATE`; `tail` depends on the attach type.",
        &[],
    ),
    a_struct("LinkUpdateAttr", "bpf_attr/link_update", "`BPF_LINK_UPDATE`.", &[]),
    a_struct("LinkDetachAttr", "bpf_attr/link_detach", "`BPF_LINK_DETACH`.", &[]),
    a_struct("IterCreateAttr", "bpf_attr/iter_create", "`BPF_ITER_CREATE`.", &[]),
    a_struct(
        "LinkCreateIter",
        "bpf_attr/link_create/../#iter_info",
        "The tail of [`LinkCreateAttr`] for iterators.",
        &[],
    ),
    a_struct(
        "LinkCreatePerfEvent",
        "bpf_attr/link_create/../perf_event",
        "The tail of [`LinkCreateAttr`] for perf events.",
        &[],
    ),
    a_struct(
        "LinkCreateKprobeMulti",
        "bpf_attr/link_create/../kprobe_multi",
        "The tail of [`LinkCreateAttr`] for `kprobe.multi` and `kprobe.session`.",
        &[],
    ),
    a_struct(
        "LinkCreateTracing",
        "bpf_attr/link_create/../tracing",
        "The tail of [`LinkCreateAttr`] for tracing programs.",
        &[],
    ),
    a_struct(
        "LinkCreateTracingMulti",
        "bpf_attr/link_create/../tracing_multi",
        "The tail of [`LinkCreateAttr`] for tracing programs that attach to many functions.",
        &[],
    ),
    a_struct(
        "LinkCreateNetfilter",
        "bpf_attr/link_create/../netfilter",
        "The tail of [`LinkCreateAttr`] for netfilter hooks.",
        &[],
    ),
    a_struct(
        "LinkCreateTcx",
        "bpf_attr/link_create/../tcx",
        "The tail of [`LinkCreateAttr`] for tcx.",
        &[],
    ),
    a_struct(
        "LinkCreateUprobeMulti",
        "bpf_attr/link_create/../uprobe_multi",
        "The tail of [`LinkCreateAttr`] for `uprobe.multi` and `uprobe.session`.",
        &[],
    ),
    a_struct(
        "LinkCreateNetkit",
        "bpf_attr/link_create/../netkit",
        "The tail of [`LinkCreateAttr`] for netkit.",
        &[],
    ),
    a_struct(
        "LinkCreateCgroup",
        "bpf_attr/link_create/../cgroup",
        "The tail of [`LinkCreateAttr`] for cgroups.",
        &[],
    ),
    a_struct("IterLinkMap", "bpf_iter_link_info/map", "Which map an iterator walks.", &[]),
    a_struct(
        "IterLinkCgroup",
        "bpf_iter_link_info/cgroup",
        "Which cgroups an iterator walks.",
        &[("order", "CgroupIterOrder")],
    ),
    a_struct("IterLinkTask", "bpf_iter_link_info/task", "Which tasks an iterator walks.", &[]),
];

const LINK_INFO: &[Struct] = &[
    a_struct(
        "BpfLinkInfo",
        "bpf_link_info",
        "What `BPF_OBJ_GET_INFO_BY_FD` tells of a link; `tail` depends on the type.",
        &[("type", "LinkType")],
    ),
    a_struct(
        "LinkInfoRawTracepoint",
        "bpf_link_info/../raw_tracepoint",
        "The tail of [`BpfLinkInfo`] for raw tracepoints.",
        &[],
    ),
    a_struct(
        "LinkInfoTracing",
        "bpf_link_info/../tracing",
        "The tail of [`BpfLinkInfo`] for tracing programs.",
        &[],
    ),
    a_struct(
        "LinkInfoTracingMulti",
        "bpf_link_info/../tracing_multi",
        "The tail of [`BpfLinkInfo`] for tracing programs on many functions.",
        &[],
    ),
    a_struct(
        "LinkInfoCgroup",
        "bpf_link_info/../cgroup",
        "The tail of [`BpfLinkInfo`] for cgroups.",
        &[],
    ),
    a_struct(
        "LinkInfoIter",
        "bpf_link_info/../iter",
        "The tail of [`BpfLinkInfo`] for iterators.",
        &[],
    ),
    a_struct(
        "LinkInfoNetns",
        "bpf_link_info/../netns",
        "The tail of [`BpfLinkInfo`] for network namespaces.",
        &[],
    ),
    a_struct("LinkInfoXdp", "bpf_link_info/../xdp", "The tail of [`BpfLinkInfo`] for XDP.", &[]),
    a_struct(
        "LinkInfoStructOps",
        "bpf_link_info/../struct_ops",
        "The tail of [`BpfLinkInfo`] for `struct_ops` maps.",
        &[],
    ),
    a_struct(
        "LinkInfoNetfilter",
        "bpf_link_info/../netfilter",
        "The tail of [`BpfLinkInfo`] for netfilter hooks.",
        &[],
    ),
    a_struct(
        "LinkInfoKprobeMulti",
        "bpf_link_info/../kprobe_multi",
        "The tail of [`BpfLinkInfo`] for `kprobe.multi`.",
        &[],
    ),
    a_struct(
        "LinkInfoUprobeMulti",
        "bpf_link_info/../uprobe_multi",
        "The tail of [`BpfLinkInfo`] for `uprobe.multi`.",
        &[],
    ),
    a_struct(
        "LinkInfoPerfEvent",
        "bpf_link_info/../perf_event",
        "The tail of [`BpfLinkInfo`] for perf events; its own tail depends on `type_`.",
        &[("type", "PerfEventType")],
    ),
    a_struct("LinkInfoTcx", "bpf_link_info/../tcx", "The tail of [`BpfLinkInfo`] for tcx.", &[]),
    a_struct(
        "LinkInfoNetkit",
        "bpf_link_info/../netkit",
        "The tail of [`BpfLinkInfo`] for netkit.",
        &[],
    ),
    a_struct(
        "LinkInfoSockmap",
        "bpf_link_info/../sockmap",
        "The tail of [`BpfLinkInfo`] for socket maps.",
        &[],
    ),
    a_struct(
        "LinkInfoUprobe",
        "bpf_link_info/../perf_event/../uprobe",
        "The tail of [`LinkInfoPerfEvent`] for uprobes.",
        &[],
    ),
    a_struct(
        "LinkInfoKprobe",
        "bpf_link_info/../perf_event/../kprobe",
        "The tail of [`LinkInfoPerfEvent`] for kprobes.",
        &[],
    ),
    a_struct(
        "LinkInfoTracepoint",
        "bpf_link_info/../perf_event/../tracepoint",
        "The tail of [`LinkInfoPerfEvent`] for tracepoints.",
        &[],
    ),
    a_struct(
        "LinkInfoEvent",
        "bpf_link_info/../perf_event/../event",
        "The tail of [`LinkInfoPerfEvent`] for other events.",
        &[],
    ),
    a_struct(
        "LinkInfoIterCgroup",
        "bpf_link_info/../iter/../cgroup",
        "The tail of [`LinkInfoIter`] for cgroups.",
        &[("order", "CgroupIterOrder")],
    ),
    a_struct(
        "LinkInfoIterTask",
        "bpf_link_info/../iter/../task",
        "The tail of [`LinkInfoIter`] for tasks.",
        &[],
    ),
];

const CTX: &[Struct] = &[
    a_struct("XdpMd", "xdp_md", "The context of XDP programs, as a test run takes it.", &[]),
    a_struct(
        "SkBuff",
        "__sk_buff",
        "The context of socket buffer programs, as a test run takes it.",
        &[],
    ),
    a_struct(
        "BpfSkLookup",
        "bpf_sk_lookup",
        "The context of `sk_lookup` programs, as a test run takes it.",
        &[("sk", "cookie")],
    ),
];

const MAP_VALUE: &[Struct] = &[
    a_struct("BpfDevmapVal", "bpf_devmap_val", "The value of a device map.", &[]),
    a_struct("BpfCpumapVal", "bpf_cpumap_val", "The value of a CPU map.", &[]),
];

const PERF: &[Struct] = &[a_struct(
    "PerfEventAttr",
    "perf_event_attr",
    "What `perf_event_open(2)` takes.",
    &[("bp_addr", "config1"), ("bp_len", "config2"), ("..", "aux_action")],
)];

pub(in crate::abi) const FILES: &[File] = &[
    File { module: "btf", doc: "BTF objects.", structs: BTF },
    File { module: "ctx", doc: "Contexts that a test run takes.", structs: CTX },
    File { module: "link", doc: "Links.", structs: LINK },
    File { module: "link_info", doc: "What the kernel tells of a link.", structs: LINK_INFO },
    File { module: "map", doc: "Maps.", structs: MAP },
    File { module: "map_value", doc: "Values of special maps.", structs: MAP_VALUE },
    File { module: "obj", doc: "What all objects share.", structs: OBJ },
    File { module: "perf", doc: "Perf events.", structs: PERF },
    File { module: "prog", doc: "Programs.", structs: PROG },
];
