//! Since when kernels have which types, for documentation and messages. Nothing is decided by these.

use osmia_abi::{AttachType, MapType, ProgType};

use crate::error::kind::{ErrorKind, Release};

/// The kind of the error that an unknown map type causes.
pub(crate) fn map_type(map_type: MapType) -> ErrorKind {
    let (feature, major, minor) = match map_type {
        MapType::HASH => ("hash maps", 3, 19),
        MapType::ARRAY => ("array maps", 3, 19),
        MapType::PROG_ARRAY => ("program arrays", 4, 2),
        MapType::PERF_EVENT_ARRAY => ("perf event arrays", 4, 3),
        MapType::PERCPU_HASH => ("per-CPU hash maps", 4, 6),
        MapType::PERCPU_ARRAY => ("per-CPU arrays", 4, 6),
        MapType::STACK_TRACE => ("stack trace maps", 4, 6),
        MapType::CGROUP_ARRAY => ("cgroup arrays", 4, 8),
        MapType::LRU_HASH => ("LRU hash maps", 4, 10),
        MapType::LRU_PERCPU_HASH => ("per-CPU LRU hash maps", 4, 10),
        MapType::LPM_TRIE => ("longest-prefix tries", 4, 11),
        MapType::ARRAY_OF_MAPS => ("arrays of maps", 4, 12),
        MapType::HASH_OF_MAPS => ("hash maps of maps", 4, 12),
        MapType::DEVMAP => ("device maps", 4, 14),
        MapType::SOCKMAP => ("socket maps", 4, 14),
        MapType::CPUMAP => ("CPU maps", 4, 15),
        MapType::XSKMAP => ("AF_XDP socket maps", 4, 18),
        MapType::SOCKHASH => ("socket hash maps", 4, 18),
        MapType::CGROUP_STORAGE => ("cgroup storage", 4, 19),
        MapType::REUSEPORT_SOCKARRAY => ("reuseport socket arrays", 4, 19),
        MapType::PERCPU_CGROUP_STORAGE => ("per-CPU cgroup storage", 4, 20),
        MapType::QUEUE => ("queues", 4, 20),
        MapType::STACK => ("stacks", 4, 20),
        MapType::SK_STORAGE => ("socket storage", 5, 2),
        MapType::DEVMAP_HASH => ("device hash maps", 5, 4),
        MapType::STRUCT_OPS => ("struct_ops maps", 5, 6),
        MapType::RINGBUF => ("ring buffers", 5, 8),
        MapType::INODE_STORAGE => ("inode storage", 5, 10),
        MapType::TASK_STORAGE => ("task storage", 5, 11),
        MapType::BLOOM_FILTER => ("bloom filters", 5, 16),
        MapType::USER_RINGBUF => ("user ring buffers", 6, 1),
        MapType::CGRP_STORAGE => ("storage of cgroups", 6, 2),
        MapType::ARENA => ("arenas", 6, 9),
        MapType::INSN_ARRAY => ("instruction arrays", 6, 19),
        _ => ("maps of this type", 7, 3),
    };
    ErrorKind::Unsupported { feature, since: Release::new(major, minor) }
}

/// The kind of the error that an unknown program type causes.
pub(crate) fn prog_type(prog_type: ProgType) -> ErrorKind {
    let (feature, major, minor) = match prog_type {
        ProgType::SOCKET_FILTER => ("socket filters", 3, 19),
        ProgType::KPROBE => ("kprobe programs", 4, 1),
        ProgType::SCHED_CLS => ("tc classifiers", 4, 1),
        ProgType::SCHED_ACT => ("tc actions", 4, 1),
        ProgType::TRACEPOINT => ("tracepoint programs", 4, 7),
        ProgType::XDP => ("XDP programs", 4, 8),
        ProgType::PERF_EVENT => ("perf event programs", 4, 9),
        ProgType::CGROUP_SKB => ("cgroup_skb programs", 4, 10),
        ProgType::CGROUP_SOCK => ("cgroup/sock programs", 4, 10),
        ProgType::LWT_IN | ProgType::LWT_OUT | ProgType::LWT_XMIT => ("lwt programs", 4, 10),
        ProgType::SOCK_OPS => ("sockops programs", 4, 13),
        ProgType::SK_SKB => ("sk_skb programs", 4, 14),
        ProgType::CGROUP_DEVICE => ("cgroup/dev programs", 4, 15),
        ProgType::SK_MSG => ("sk_msg programs", 4, 17),
        ProgType::RAW_TRACEPOINT => ("raw tracepoint programs", 4, 17),
        ProgType::CGROUP_SOCK_ADDR => ("cgroup socket address programs", 4, 17),
        ProgType::LWT_SEG6LOCAL => ("lwt_seg6local programs", 4, 18),
        ProgType::LIRC_MODE2 => ("lirc_mode2 programs", 4, 18),
        ProgType::SK_REUSEPORT => ("sk_reuseport programs", 4, 19),
        ProgType::FLOW_DISSECTOR => ("flow dissectors", 4, 20),
        ProgType::CGROUP_SYSCTL => ("cgroup/sysctl programs", 5, 2),
        ProgType::RAW_TRACEPOINT_WRITABLE => ("writable raw tracepoint programs", 5, 2),
        ProgType::CGROUP_SOCKOPT => ("cgroup sockopt programs", 5, 3),
        ProgType::TRACING => ("tracing programs by BTF", 5, 5),
        ProgType::STRUCT_OPS => ("struct_ops programs", 5, 6),
        ProgType::EXT => ("freplace programs", 5, 6),
        ProgType::LSM => ("LSM programs", 5, 7),
        ProgType::SK_LOOKUP => ("sk_lookup programs", 5, 9),
        ProgType::SYSCALL => ("syscall programs", 5, 14),
        ProgType::NETFILTER => ("netfilter programs", 6, 4),
        _ => ("programs of this type", 7, 3),
    };
    ErrorKind::Unsupported { feature, since: Release::new(major, minor) }
}

/// The kind of the error that a way of attaching causes which the kernel does not know.
pub(crate) fn attach_type(attach_type: AttachType) -> ErrorKind {
    let (major, minor) = match attach_type {
        AttachType::CGROUP_INET4_GETPEERNAME
        | AttachType::CGROUP_INET6_GETPEERNAME
        | AttachType::CGROUP_INET4_GETSOCKNAME
        | AttachType::CGROUP_INET6_GETSOCKNAME
        | AttachType::XDP_DEVMAP => (5, 8),
        AttachType::CGROUP_INET_SOCK_RELEASE
        | AttachType::XDP_CPUMAP
        | AttachType::XDP
        | AttachType::SK_LOOKUP => (5, 9),
        AttachType::SK_SKB_VERDICT => (5, 13),
        AttachType::SK_REUSEPORT_SELECT | AttachType::SK_REUSEPORT_SELECT_OR_MIGRATE => (5, 14),
        AttachType::TRACE_KPROBE_MULTI => (5, 18),
        AttachType::TCX_INGRESS | AttachType::TCX_EGRESS | AttachType::TRACE_UPROBE_MULTI => (6, 6),
        AttachType::CGROUP_UNIX_CONNECT
        | AttachType::CGROUP_UNIX_SENDMSG
        | AttachType::CGROUP_UNIX_RECVMSG
        | AttachType::CGROUP_UNIX_GETPEERNAME
        | AttachType::CGROUP_UNIX_GETSOCKNAME
        | AttachType::NETKIT_PRIMARY
        | AttachType::NETKIT_PEER => (6, 7),
        AttachType::TRACE_KPROBE_SESSION => (6, 10),
        AttachType::TRACE_UPROBE_SESSION => (6, 13),
        _ => (7, 3),
    };
    let feature = "this way of attaching programs";
    ErrorKind::Unsupported { feature, since: Release::new(major, minor) }
}
