//! What the names of program sections mean.

use osmia_abi::{AttachType, ProgType};
use osmia_btf::near::{Nearness, nearest, nearest_with};

/// What a section's name says of the programs in it.
///
/// The names are those that libbpf knows, so that the same C works with either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct SectionDef {
    /// The name. With a `+` at its end, `/` and a target may follow in its place.
    pub pattern: &'static str,
    /// The programs' type.
    pub prog_type: ProgType,
    /// What they are attached as, where their type knows several ways.
    pub attach_type: Option<AttachType>,
    /// Whether they may sleep.
    pub sleepable: bool,
    /// Whether they take XDP frames of several buffers.
    pub xdp_frags: bool,
    /// Whether the target is a type in the kernel's, a module's or another program's BTF.
    pub btf_target: bool,
    /// Whether kernels that know no attach type for this program type load it without.
    pub optional_attach_type: bool,
}

impl SectionDef {
    /// All names, in the order in which they are tried.
    pub const ALL: &'static [Self] = TABLE;

    /// The definition for a section, with or without a `?` in front.
    ///
    /// # Examples
    /// ```
    /// use osmia_object::SectionDef;
    ///
    /// let def = SectionDef::find("tracepoint/syscalls/sys_enter_close").unwrap();
    /// assert_eq!(def.prog_type, osmia_abi::ProgType::TRACEPOINT);
    /// assert!(SectionDef::find("xpd").is_none());
    /// ```
    pub fn find(section: &str) -> Option<&'static Self> {
        let section = section.strip_prefix('?').unwrap_or(section);
        TABLE.iter().find(|def| def.matches(section))
    }

    /// The known name that is most like this unknown one, if any is.
    ///
    /// # Examples
    /// ```
    /// use osmia_object::SectionDef;
    ///
    /// assert_eq!(SectionDef::suggest("xpd"), Some("xdp"));
    /// assert_eq!(SectionDef::suggest("trcepoint/syscalls/sys_enter_close"), Some("tracepoint"));
    /// ```
    pub fn suggest(section: &str) -> Option<&'static str> {
        let section = section.strip_prefix('?').unwrap_or(section);
        let (kind, _) = section.split_once('/').unwrap_or((section, ""));
        let names = || TABLE.iter().map(SectionDef::name);
        let whole = nearest_with(section, names());
        // A slip of two letters in the whole name is likelier than a stray target.
        match whole {
            Some((Nearness::Letters(0..=2) | Nearness::Case | Nearness::Underscores, name)) => {
                Some(name)
            }
            _ => names().find(|&name| name == kind).or_else(|| nearest(kind, names())),
        }
        .or(whole.map(|(_, name)| name))
    }

    /// The name without its `+`.
    pub fn name(&self) -> &'static str {
        self.pattern.strip_suffix('+').unwrap_or(self.pattern)
    }

    /// What a section of this definition says to attach to.
    pub fn target<'a>(&self, section: &'a str) -> Option<&'a str> {
        let section = section.strip_prefix('?').unwrap_or(section);
        let target = section.strip_prefix(self.name())?.strip_prefix('/')?;
        (self.pattern.ends_with('+') && !target.is_empty()).then_some(target)
    }

    fn matches(&self, section: &str) -> bool {
        match section.strip_prefix(self.name()) {
            Some("") => true,
            Some(rest) => self.pattern.ends_with('+') && rest.starts_with('/'),
            None => false,
        }
    }

    const fn sleepable(mut self) -> Self {
        self.sleepable = true;
        self
    }

    const fn frags(mut self) -> Self {
        self.xdp_frags = true;
        self
    }

    const fn btf_target(mut self) -> Self {
        self.btf_target = true;
        self
    }

    const fn optional_attach_type(mut self) -> Self {
        self.optional_attach_type = true;
        self
    }
}

const fn def(
    pattern: &'static str,
    prog_type: ProgType,
    attach_type: Option<AttachType>,
) -> SectionDef {
    SectionDef {
        pattern,
        prog_type,
        attach_type,
        sleepable: false,
        xdp_frags: false,
        btf_target: false,
        optional_attach_type: false,
    }
}

const TABLE: &[SectionDef] = &[
    def("socket", ProgType::SOCKET_FILTER, None),
    def(
        "sk_reuseport/migrate",
        ProgType::SK_REUSEPORT,
        Some(AttachType::SK_REUSEPORT_SELECT_OR_MIGRATE),
    ),
    def("sk_reuseport", ProgType::SK_REUSEPORT, Some(AttachType::SK_REUSEPORT_SELECT)),
    def("kprobe+", ProgType::KPROBE, None),
    def("uprobe+", ProgType::KPROBE, None),
    def("uprobe.s+", ProgType::KPROBE, None).sleepable(),
    def("kretprobe+", ProgType::KPROBE, None),
    def("uretprobe+", ProgType::KPROBE, None),
    def("uretprobe.s+", ProgType::KPROBE, None).sleepable(),
    def("kprobe.multi+", ProgType::KPROBE, Some(AttachType::TRACE_KPROBE_MULTI)),
    def("kretprobe.multi+", ProgType::KPROBE, Some(AttachType::TRACE_KPROBE_MULTI)),
    def("kprobe.session+", ProgType::KPROBE, Some(AttachType::TRACE_KPROBE_SESSION)),
    def("uprobe.multi+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_MULTI)),
    def("uretprobe.multi+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_MULTI)),
    def("uprobe.session+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_SESSION)),
    def("uprobe.multi.s+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_MULTI)).sleepable(),
    def("uretprobe.multi.s+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_MULTI)).sleepable(),
    def("uprobe.session.s+", ProgType::KPROBE, Some(AttachType::TRACE_UPROBE_SESSION)).sleepable(),
    def("ksyscall+", ProgType::KPROBE, None),
    def("kretsyscall+", ProgType::KPROBE, None),
    def("usdt+", ProgType::KPROBE, None),
    def("usdt.s+", ProgType::KPROBE, None).sleepable(),
    def("tc/ingress", ProgType::SCHED_CLS, Some(AttachType::TCX_INGRESS)),
    def("tc/egress", ProgType::SCHED_CLS, Some(AttachType::TCX_EGRESS)),
    def("tcx/ingress", ProgType::SCHED_CLS, Some(AttachType::TCX_INGRESS)),
    def("tcx/egress", ProgType::SCHED_CLS, Some(AttachType::TCX_EGRESS)),
    def("tc", ProgType::SCHED_CLS, None),
    def("classifier", ProgType::SCHED_CLS, None),
    def("action", ProgType::SCHED_ACT, None),
    def("netkit/primary", ProgType::SCHED_CLS, Some(AttachType::NETKIT_PRIMARY)),
    def("netkit/peer", ProgType::SCHED_CLS, Some(AttachType::NETKIT_PEER)),
    def("tracepoint+", ProgType::TRACEPOINT, None),
    def("tp+", ProgType::TRACEPOINT, None),
    def("tracepoint.s+", ProgType::TRACEPOINT, None).sleepable(),
    def("tp.s+", ProgType::TRACEPOINT, None).sleepable(),
    def("raw_tracepoint+", ProgType::RAW_TRACEPOINT, None),
    def("raw_tp+", ProgType::RAW_TRACEPOINT, None),
    def("raw_tracepoint.s+", ProgType::RAW_TRACEPOINT, None).sleepable(),
    def("raw_tp.s+", ProgType::RAW_TRACEPOINT, None).sleepable(),
    def("raw_tracepoint.w+", ProgType::RAW_TRACEPOINT_WRITABLE, None),
    def("raw_tp.w+", ProgType::RAW_TRACEPOINT_WRITABLE, None),
    def("tp_btf+", ProgType::TRACING, Some(AttachType::TRACE_RAW_TP)).btf_target(),
    def("tp_btf.s+", ProgType::TRACING, Some(AttachType::TRACE_RAW_TP)).sleepable().btf_target(),
    def("fentry+", ProgType::TRACING, Some(AttachType::TRACE_FENTRY)).btf_target(),
    def("fmod_ret+", ProgType::TRACING, Some(AttachType::MODIFY_RETURN)).btf_target(),
    def("fexit+", ProgType::TRACING, Some(AttachType::TRACE_FEXIT)).btf_target(),
    def("fentry.s+", ProgType::TRACING, Some(AttachType::TRACE_FENTRY)).sleepable().btf_target(),
    def("fmod_ret.s+", ProgType::TRACING, Some(AttachType::MODIFY_RETURN)).sleepable().btf_target(),
    def("fexit.s+", ProgType::TRACING, Some(AttachType::TRACE_FEXIT)).sleepable().btf_target(),
    def("fsession+", ProgType::TRACING, Some(AttachType::TRACE_FSESSION)).btf_target(),
    def("fsession.s+", ProgType::TRACING, Some(AttachType::TRACE_FSESSION))
        .sleepable()
        .btf_target(),
    def("fsession.multi+", ProgType::TRACING, Some(AttachType::TRACE_FSESSION_MULTI)),
    def("fsession.multi.s+", ProgType::TRACING, Some(AttachType::TRACE_FSESSION_MULTI)).sleepable(),
    def("fentry.multi+", ProgType::TRACING, Some(AttachType::TRACE_FENTRY_MULTI)),
    def("fexit.multi+", ProgType::TRACING, Some(AttachType::TRACE_FEXIT_MULTI)),
    def("fentry.multi.s+", ProgType::TRACING, Some(AttachType::TRACE_FENTRY_MULTI)).sleepable(),
    def("fexit.multi.s+", ProgType::TRACING, Some(AttachType::TRACE_FEXIT_MULTI)).sleepable(),
    def("freplace+", ProgType::EXT, None).btf_target(),
    def("lsm+", ProgType::LSM, Some(AttachType::LSM_MAC)).btf_target(),
    def("lsm.s+", ProgType::LSM, Some(AttachType::LSM_MAC)).sleepable().btf_target(),
    def("lsm_cgroup+", ProgType::LSM, Some(AttachType::LSM_CGROUP)).btf_target(),
    def("iter+", ProgType::TRACING, Some(AttachType::TRACE_ITER)).btf_target(),
    def("iter.s+", ProgType::TRACING, Some(AttachType::TRACE_ITER)).sleepable().btf_target(),
    def("syscall", ProgType::SYSCALL, None).sleepable(),
    def("xdp.frags/devmap", ProgType::XDP, Some(AttachType::XDP_DEVMAP)).frags(),
    def("xdp/devmap", ProgType::XDP, Some(AttachType::XDP_DEVMAP)),
    def("xdp.frags/cpumap", ProgType::XDP, Some(AttachType::XDP_CPUMAP)).frags(),
    def("xdp/cpumap", ProgType::XDP, Some(AttachType::XDP_CPUMAP)),
    def("xdp.frags", ProgType::XDP, Some(AttachType::XDP)).frags(),
    def("xdp", ProgType::XDP, Some(AttachType::XDP)).optional_attach_type(),
    def("perf_event", ProgType::PERF_EVENT, None),
    def("lwt_in", ProgType::LWT_IN, None),
    def("lwt_out", ProgType::LWT_OUT, None),
    def("lwt_xmit", ProgType::LWT_XMIT, None),
    def("lwt_seg6local", ProgType::LWT_SEG6LOCAL, None),
    def("sockops", ProgType::SOCK_OPS, Some(AttachType::CGROUP_SOCK_OPS)).optional_attach_type(),
    def("sk_skb/stream_parser", ProgType::SK_SKB, Some(AttachType::SK_SKB_STREAM_PARSER))
        .optional_attach_type(),
    def("sk_skb/stream_verdict", ProgType::SK_SKB, Some(AttachType::SK_SKB_STREAM_VERDICT))
        .optional_attach_type(),
    def("sk_skb/verdict", ProgType::SK_SKB, Some(AttachType::SK_SKB_VERDICT))
        .optional_attach_type(),
    def("sk_skb", ProgType::SK_SKB, None),
    def("sk_msg", ProgType::SK_MSG, Some(AttachType::SK_MSG_VERDICT)).optional_attach_type(),
    def("lirc_mode2", ProgType::LIRC_MODE2, Some(AttachType::LIRC_MODE2)).optional_attach_type(),
    def("flow_dissector", ProgType::FLOW_DISSECTOR, Some(AttachType::FLOW_DISSECTOR))
        .optional_attach_type(),
    def("cgroup_skb/ingress", ProgType::CGROUP_SKB, Some(AttachType::CGROUP_INET_INGRESS))
        .optional_attach_type(),
    def("cgroup_skb/egress", ProgType::CGROUP_SKB, Some(AttachType::CGROUP_INET_EGRESS))
        .optional_attach_type(),
    def("cgroup/skb", ProgType::CGROUP_SKB, None),
    def("cgroup/sock_create", ProgType::CGROUP_SOCK, Some(AttachType::CGROUP_INET_SOCK_CREATE)),
    def("cgroup/sock_release", ProgType::CGROUP_SOCK, Some(AttachType::CGROUP_INET_SOCK_RELEASE)),
    def("cgroup/sock", ProgType::CGROUP_SOCK, Some(AttachType::CGROUP_INET_SOCK_CREATE))
        .optional_attach_type(),
    def("cgroup/post_bind4", ProgType::CGROUP_SOCK, Some(AttachType::CGROUP_INET4_POST_BIND)),
    def("cgroup/post_bind6", ProgType::CGROUP_SOCK, Some(AttachType::CGROUP_INET6_POST_BIND)),
    def("cgroup/bind4", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_INET4_BIND)),
    def("cgroup/bind6", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_INET6_BIND)),
    def("cgroup/connect4", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_INET4_CONNECT)),
    def("cgroup/connect6", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_INET6_CONNECT)),
    def("cgroup/connect_unix", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UNIX_CONNECT)),
    def("cgroup/sendmsg4", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UDP4_SENDMSG)),
    def("cgroup/sendmsg6", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UDP6_SENDMSG)),
    def("cgroup/sendmsg_unix", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UNIX_SENDMSG)),
    def("cgroup/recvmsg4", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UDP4_RECVMSG)),
    def("cgroup/recvmsg6", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UDP6_RECVMSG)),
    def("cgroup/recvmsg_unix", ProgType::CGROUP_SOCK_ADDR, Some(AttachType::CGROUP_UNIX_RECVMSG)),
    def(
        "cgroup/getpeername4",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_INET4_GETPEERNAME),
    ),
    def(
        "cgroup/getpeername6",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_INET6_GETPEERNAME),
    ),
    def(
        "cgroup/getpeername_unix",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_UNIX_GETPEERNAME),
    ),
    def(
        "cgroup/getsockname4",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_INET4_GETSOCKNAME),
    ),
    def(
        "cgroup/getsockname6",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_INET6_GETSOCKNAME),
    ),
    def(
        "cgroup/getsockname_unix",
        ProgType::CGROUP_SOCK_ADDR,
        Some(AttachType::CGROUP_UNIX_GETSOCKNAME),
    ),
    def("cgroup/sysctl", ProgType::CGROUP_SYSCTL, Some(AttachType::CGROUP_SYSCTL)),
    def("cgroup/getsockopt", ProgType::CGROUP_SOCKOPT, Some(AttachType::CGROUP_GETSOCKOPT)),
    def("cgroup/setsockopt", ProgType::CGROUP_SOCKOPT, Some(AttachType::CGROUP_SETSOCKOPT)),
    def("cgroup/dev", ProgType::CGROUP_DEVICE, Some(AttachType::CGROUP_DEVICE))
        .optional_attach_type(),
    def("struct_ops+", ProgType::STRUCT_OPS, None),
    def("struct_ops.s+", ProgType::STRUCT_OPS, None).sleepable(),
    def("sk_lookup", ProgType::SK_LOOKUP, Some(AttachType::SK_LOOKUP)),
    def("netfilter", ProgType::NETFILTER, Some(AttachType::NETFILTER)),
];

#[cfg(test)]
mod tests {
    use osmia_abi::{AttachType, ProgType};

    use super::{SectionDef, TABLE};

    fn found(section: &str) -> (&'static str, Option<&str>) {
        let def = SectionDef::find(section).unwrap();
        (def.pattern, def.target(section))
    }

    #[test]
    fn targets_are_what_follows_the_name() {
        assert_eq!(found("kprobe/do_exit"), ("kprobe+", Some("do_exit")));
        assert_eq!(found("?kprobe/do_exit"), ("kprobe+", Some("do_exit")));
        assert_eq!(found("uprobe//bin/sh:main"), ("uprobe+", Some("/bin/sh:main")));
        assert_eq!(found("tp/sched/sched_switch"), ("tp+", Some("sched/sched_switch")));
        assert_eq!(found("fentry"), ("fentry+", None));
        assert_eq!(found("xdp.frags/devmap"), ("xdp.frags/devmap", None));
    }

    #[test]
    fn a_name_ends_where_its_definition_says() {
        assert_eq!(found("kprobe.multi/tcp_*"), ("kprobe.multi+", Some("tcp_*")));
        assert_eq!(SectionDef::find("kprobes"), None);
        assert_eq!(SectionDef::find("xdp/anything"), None);
        assert_eq!(SectionDef::find("socket1"), None);
        assert_eq!(SectionDef::find(""), None);
    }

    #[test]
    fn flags_are_kept() {
        let def = SectionDef::find("lsm.s/file_open").unwrap();
        assert_eq!(def.prog_type, ProgType::LSM);
        assert_eq!(def.attach_type, Some(AttachType::LSM_MAC));
        assert!(def.sleepable && def.btf_target && !def.xdp_frags);
        assert!(SectionDef::find("xdp.frags").unwrap().xdp_frags);
        assert!(SectionDef::find("xdp").unwrap().optional_attach_type);
    }

    #[test]
    fn suggestions_are_the_nearest_names() {
        assert_eq!(SectionDef::suggest("xpd"), Some("xdp"));
        assert_eq!(SectionDef::suggest("xdp/filter"), Some("xdp"));
        assert_eq!(SectionDef::suggest("tracpoint/syscalls/sys_enter_close"), Some("tracepoint"));
        assert_eq!(SectionDef::suggest("cgroup/skb_ingress"), Some("cgroup_skb/ingress"));
        assert_eq!(SectionDef::suggest("tc/ingres"), Some("tc/ingress"));
        assert_eq!(SectionDef::suggest("zzzzzzzzzzzz"), None);
        assert_eq!(SectionDef::suggest(""), None);
    }

    #[test]
    fn every_name_finds_its_own_definition() {
        for def in TABLE {
            assert_eq!(SectionDef::find(def.name()), Some(def));
        }
    }
}
