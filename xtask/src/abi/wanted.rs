//! What of the kernel's BTF becomes Rust, and under which names.

mod files;

pub(super) use files::FILES;

/// An enum.
pub(super) struct Enum {
    /// Its name in Rust.
    pub(super) name: &'static str,
    /// Its name in the kernel.
    pub(super) kernel: &'static str,
    /// What its constants begin with, which Rust leaves out.
    pub(super) prefix: &'static str,
    /// What its short names begin with.
    pub(super) short_prefix: &'static str,
    /// What it is.
    pub(super) doc: &'static str,
}

impl Enum {
    /// The module that it is in.
    pub(super) fn module(&self) -> &'static str {
        self.kernel.strip_prefix("bpf_").unwrap_or(self.kernel)
    }
}

/// A file of structs.
pub(super) struct File {
    pub(super) module: &'static str,
    pub(super) doc: &'static str,
    pub(super) structs: &'static [Struct],
}

/// A struct.
pub(super) struct Struct {
    /// Its name in Rust.
    pub(super) name: &'static str,
    /// Where it is in the kernel's BTF.
    pub(super) path: &'static str,
    /// What it is.
    pub(super) doc: &'static str,
    /// Fields whose type in Rust is an enum's, and members of unions by whose name the union goes.
    pub(super) names: &'static [(&'static str, &'static str)],
}

/// Fields that are enums wherever they occur.
const NEWTYPES: &[(&str, &str)] = &[
    ("map_type", "MapType"),
    ("prog_type", "ProgType"),
    ("attach_type", "AttachType"),
    ("expected_attach_type", "AttachType"),
];

impl Struct {
    /// The enum that a field is.
    pub(super) fn newtype(&self, field: &str) -> Option<&'static str> {
        let named = self.names.iter().chain(NEWTYPES).find(|(name, _)| *name == field);
        named.map(|(_, newtype)| *newtype)
    }

    /// The name by which a union goes whose first member is `first`.
    pub(super) fn chosen(&self, first: &str) -> Option<&'static str> {
        self.names.iter().find(|(name, _)| *name == first).map(|(_, chosen)| *chosen)
    }
}

/// Flags.
pub(super) struct Flags {
    /// The first enumerator of the enum that has them.
    pub(super) first: &'static str,
    /// Their type in Rust.
    pub(super) ty: &'static str,
    /// What they are.
    pub(super) doc: &'static str,
}

const fn an_enum(
    name: &'static str,
    kernel: &'static str,
    prefix: &'static str,
    doc: &'static str,
) -> Enum {
    Enum { name, kernel, prefix, short_prefix: "", doc }
}

pub(super) const ENUMS: &[Enum] = &[
    an_enum(
        "AttachType",
        "bpf_attach_type",
        "BPF_",
        "Where a BPF program attaches (`enum bpf_attach_type`).",
    ),
    an_enum(
        "CgroupIterOrder",
        "bpf_cgroup_iter_order",
        "BPF_CGROUP_ITER_",
        "The order in which a cgroup iterator walks.",
    ),
    an_enum("Cmd", "bpf_cmd", "BPF_", "A command of bpf(2)."),
    Enum {
        name: "FuncId",
        kernel: "bpf_func_id",
        prefix: "BPF_FUNC_",
        short_prefix: "bpf_",
        doc: "A helper function that BPF programs call by number (`BPF_FUNC_*`).",
    },
    an_enum(
        "LinkType",
        "bpf_link_type",
        "BPF_LINK_TYPE_",
        "The type of a BPF link (`BPF_LINK_TYPE_*`).",
    ),
    an_enum(
        "MapType",
        "bpf_map_type",
        "BPF_MAP_TYPE_",
        "The type of a BPF map (`BPF_MAP_TYPE_*`).",
    ),
    an_enum(
        "PerfEventType",
        "bpf_perf_event_type",
        "BPF_PERF_EVENT_",
        "What a perf event link is attached to.",
    ),
    an_enum(
        "ProgType",
        "bpf_prog_type",
        "BPF_PROG_TYPE_",
        "The type of a BPF program (`BPF_PROG_TYPE_*`).",
    ),
    an_enum("StatsType", "bpf_stats_type", "BPF_STATS_", "What `BPF_ENABLE_STATS` counts."),
    an_enum(
        "TaskFdType",
        "bpf_task_fd_type",
        "BPF_FD_TYPE_",
        "What kind of probe a task's file descriptor stands for.",
    ),
    an_enum("XdpAction", "xdp_action", "XDP_", "What an XDP program returns."),
];

pub(super) const FLAGS: &[Flags] = &[
    Flags { first: "BPF_ANY", ty: "u64", doc: "Flags of element operations." },
    Flags {
        first: "BPF_F_NO_PREALLOC",
        ty: "u32",
        doc: "Flags of map creation and of opening and pinning.",
    },
    Flags { first: "BPF_F_KPROBE_MULTI_RETURN", ty: "u32", doc: "Flags of `kprobe.multi` links." },
    Flags { first: "BPF_F_UPROBE_MULTI_RETURN", ty: "u32", doc: "Flags of `uprobe.multi` links." },
    Flags { first: "BPF_RINGBUF_BUSY_BIT", ty: "u32", doc: "The head of a ring buffer record." },
    Flags { first: "BPF_RB_AVAIL_DATA", ty: "u64", doc: "What `bpf_ringbuf_query` is asked for." },
    Flags { first: "BPF_RB_NO_WAKEUP", ty: "u64", doc: "Flags of ring buffer output." },
];
