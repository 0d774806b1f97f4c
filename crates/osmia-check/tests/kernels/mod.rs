//! Kernels of a few types, made for tests.

use osmia_abi::{AttachType, FuncId, MapType, ProgType};
use osmia_btf::{Bits, Btf, Builder, Endian, Enumerator, Error, Kind, Linkage, Member, TypeId};
use osmia_check::Kernel;

/// What a kernel of the tests has.
#[derive(Default)]
pub struct Parts {
    /// The member of `struct iov_iter`.
    pub iov: &'static str,
    /// Functions without arguments.
    pub functions: &'static [&'static str],
    pub helpers: &'static [FuncId],
    pub prog_types: &'static [ProgType],
    pub attach_types: &'static [AttachType],
    pub map_types: &'static [MapType],
}

/// Kernel 5.10, for a few things.
pub const OLD: Parts = Parts {
    iov: "iov",
    functions: &["tcp_connect"],
    helpers: &[
        FuncId::MAP_LOOKUP_ELEM,
        FuncId::PROBE_READ_KERNEL,
        FuncId::GET_CURRENT_COMM,
        FuncId::TRACE_PRINTK,
        FuncId::GET_PRANDOM_U32,
    ],
    prog_types: &[
        ProgType::SOCKET_FILTER,
        ProgType::KPROBE,
        ProgType::SCHED_CLS,
        ProgType::TRACING,
        ProgType::RAW_TRACEPOINT,
        ProgType::CGROUP_SOCK_ADDR,
    ],
    attach_types: &[AttachType::TRACE_FENTRY, AttachType::TRACE_RAW_TP],
    map_types: &[MapType::ARRAY],
};

/// Kernel 6.12, for the same.
pub const NEW: Parts = Parts {
    iov: "__iov",
    functions: &[
        "tcp_connect",
        "bpf_lsm_file_open",
        "present_kfunc",
        "absent_kfunc",
        "weak_kfunc",
        "plain_function",
        "__x64_sys_close",
    ],
    helpers: &[
        FuncId::MAP_LOOKUP_ELEM,
        FuncId::PROBE_READ_KERNEL,
        FuncId::GET_CURRENT_COMM,
        FuncId::TRACE_PRINTK,
        FuncId::GET_PRANDOM_U32,
        FuncId::LOOP,
    ],
    prog_types: &[
        ProgType::SOCKET_FILTER,
        ProgType::KPROBE,
        ProgType::SCHED_CLS,
        ProgType::TRACING,
        ProgType::RAW_TRACEPOINT,
        ProgType::CGROUP_SOCK_ADDR,
        ProgType::LSM,
        ProgType::STRUCT_OPS,
        ProgType::NETFILTER,
    ],
    attach_types: &[
        AttachType::TRACE_FENTRY,
        AttachType::TRACE_RAW_TP,
        AttachType::LSM_MAC,
        AttachType::CGROUP_UNIX_CONNECT,
        AttachType::TRACE_KPROBE_MULTI,
        AttachType::NETFILTER,
    ],
    map_types: &[MapType::ARRAY, MapType::RINGBUF, MapType::HASH, MapType::ARRAY_OF_MAPS],
};

impl Parts {
    pub fn kernel(&self, name: &str) -> Kernel {
        Kernel::new(name, &self.btf().unwrap()).unwrap()
    }

    fn btf(&self) -> Result<Btf, Error> {
        let mut builder = Builder::new(Endian::host());
        let pointer = builder.pointer(TypeId::VOID)?;
        let member = Member { name: self.iov, ty: pointer, offset: Bits(64), bitfield: None };
        builder.composite(Kind::Struct, "iov_iter", 16, &[member])?;
        let prototype = builder.prototype(TypeId::VOID, &[])?;
        for name in self.functions {
            let function = builder.function(name, prototype, Linkage::Static)?;
            if name.ends_with("_kfunc") {
                builder.decl_tag("bpf_kfunc", function, None)?;
            }
        }
        builder.typedef("btf_trace_sched_switch", pointer)?;
        let of = |values: &[(u32, &'static str)]| -> Vec<Enumerator<'static>> {
            let value =
                |&(bits, name): &(u32, _)| Enumerator { name, bits: bits.into(), signed: false };
            let last = Enumerator { name: "__MAX", bits: 37, signed: false };
            values.iter().map(value).chain([last]).collect()
        };
        let helpers: Vec<_> =
            self.helpers.iter().map(|one| (one.0, one.constant().unwrap())).collect();
        let programs: Vec<_> =
            self.prog_types.iter().map(|one| (one.0, "BPF_PROG_TYPE_X")).collect();
        let attach: Vec<_> = self.attach_types.iter().map(|one| (one.0, "BPF_X")).collect();
        let maps: Vec<_> = self.map_types.iter().map(|one| (one.0, "BPF_MAP_TYPE_X")).collect();
        for (name, values) in [
            ("bpf_func_id", helpers),
            ("bpf_prog_type", programs),
            ("bpf_attach_type", attach),
            ("bpf_map_type", maps),
        ] {
            builder.enumeration(Kind::Enum, name, 4, false, &of(&values))?;
        }
        builder.build()
    }
}
