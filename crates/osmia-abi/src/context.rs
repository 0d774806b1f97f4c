//! What programs of a type are handed.

use crate::generated::prog_type::ProgType;

impl ProgType {
    /// The name of the struct that programs of this type get a pointer to; `None` where there is none of one name. For
    /// kprobes it is a typedef, which kernels before 6.3 know as the name of a struct only.
    ///
    /// # Examples
    /// ```
    /// use osmia_abi::ProgType;
    ///
    /// assert_eq!(ProgType::XDP.context(), Some("xdp_md"));
    /// assert_eq!(ProgType::TRACING.context(), None);
    /// ```
    #[must_use]
    pub const fn context(self) -> Option<&'static str> {
        Some(match self {
            Self::SOCKET_FILTER
            | Self::SCHED_CLS
            | Self::SCHED_ACT
            | Self::CGROUP_SKB
            | Self::LWT_IN
            | Self::LWT_OUT
            | Self::LWT_XMIT
            | Self::LWT_SEG6LOCAL
            | Self::SK_SKB
            | Self::FLOW_DISSECTOR => "__sk_buff",
            Self::XDP => "xdp_md",
            Self::KPROBE => "bpf_user_pt_regs_t",
            Self::PERF_EVENT => "bpf_perf_event_data",
            Self::RAW_TRACEPOINT | Self::RAW_TRACEPOINT_WRITABLE => "bpf_raw_tracepoint_args",
            Self::CGROUP_DEVICE => "bpf_cgroup_dev_ctx",
            Self::CGROUP_SOCK => "bpf_sock",
            Self::CGROUP_SOCK_ADDR => "bpf_sock_addr",
            Self::CGROUP_SOCKOPT => "bpf_sockopt",
            Self::CGROUP_SYSCTL => "bpf_sysctl",
            Self::NETFILTER => "bpf_nf_ctx",
            Self::SK_LOOKUP => "bpf_sk_lookup",
            Self::SK_MSG => "sk_msg_md",
            Self::SK_REUSEPORT => "sk_reuseport_md",
            Self::SOCK_OPS => "bpf_sock_ops",
            _ => return None,
        })
    }
}
