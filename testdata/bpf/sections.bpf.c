// A program for each name that a section can have, as small as can be. Each is loaded alone.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#if defined(__TARGET_ARCH_x86)
#define SYS "__x64_sys_getpgid"
#elif defined(__TARGET_ARCH_arm64)
#define SYS "__arm64_sys_getpgid"
#elif defined(__TARGET_ARCH_s390)
#define SYS "__s390x_sys_getpgid"
#else
#define SYS "__se_sys_getpgid"
#endif

#define IN(section, name, answer)                                                                  \
	SEC("?" section) int name(void *ctx)                                                       \
	{                                                                                          \
		return answer;                                                                     \
	}

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct sock;

struct tcp_congestion_ops {
	char name[16];
	void (*init)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
};

__attribute__((noinline)) int replaced(struct xdp_md *ctx)
{
	return ctx ? 1 : 0;
}

// What `freplace` is for.
SEC("?xdp") int has_a_function(struct xdp_md *ctx)
{
	return replaced(ctx);
}

IN("socket", in_socket, 0)
IN("sk_reuseport/migrate", in_sk_reuseport_migrate, 0)
IN("sk_reuseport", in_sk_reuseport, 0)
IN("kprobe/" SYS, in_kprobe, 0)
IN("uprobe//proc/self/exe:main", in_uprobe, 0)
IN("uprobe.s//proc/self/exe:main", in_uprobe_s, 0)
IN("kretprobe/" SYS, in_kretprobe, 0)
IN("uretprobe//proc/self/exe:main", in_uretprobe, 0)
IN("uretprobe.s//proc/self/exe:main", in_uretprobe_s, 0)
IN("kprobe.multi/" SYS, in_kprobe_multi, 0)
IN("kretprobe.multi/" SYS, in_kretprobe_multi, 0)
IN("kprobe.session/" SYS, in_kprobe_session, 0)
IN("uprobe.multi//proc/self/exe:main", in_uprobe_multi, 0)
IN("uretprobe.multi//proc/self/exe:main", in_uretprobe_multi, 0)
IN("uprobe.session//proc/self/exe:main", in_uprobe_session, 0)
IN("uprobe.multi.s//proc/self/exe:main", in_uprobe_multi_s, 0)
IN("uretprobe.multi.s//proc/self/exe:main", in_uretprobe_multi_s, 0)
IN("uprobe.session.s//proc/self/exe:main", in_uprobe_session_s, 0)
IN("ksyscall/getpgid", in_ksyscall, 0)
IN("kretsyscall/getpgid", in_kretsyscall, 0)
IN("usdt//proc/self/exe:osmia:none", in_usdt, 0)
IN("usdt.s//proc/self/exe:osmia:none", in_usdt_s, 0)
IN("tc/ingress", in_tc_ingress, 0)
IN("tc/egress", in_tc_egress, 0)
IN("tcx/ingress", in_tcx_ingress, 0)
IN("tcx/egress", in_tcx_egress, 0)
IN("tc", in_tc, 0)
IN("classifier", in_classifier, 0)
IN("action", in_action, 0)
IN("netkit/primary", in_netkit_primary, 0)
IN("netkit/peer", in_netkit_peer, 0)
IN("tracepoint/syscalls/sys_enter_getpgid", in_tracepoint, 0)
IN("tp/syscalls/sys_enter_getpgid", in_tp, 0)
IN("tracepoint.s/syscalls/sys_enter_getpgid", in_tracepoint_s, 0)
IN("tp.s/syscalls/sys_enter_getpgid", in_tp_s, 0)
IN("raw_tracepoint/sys_enter", in_raw_tracepoint, 0)
IN("raw_tp/sys_enter", in_raw_tp, 0)
IN("raw_tracepoint.s/sys_enter", in_raw_tracepoint_s, 0)
IN("raw_tp.s/sys_enter", in_raw_tp_s, 0)
IN("raw_tracepoint.w/bpf_test_finish", in_raw_tracepoint_w, 0)
IN("raw_tp.w/bpf_test_finish", in_raw_tp_w, 0)
IN("tp_btf/sys_enter", in_tp_btf, 0)
IN("tp_btf.s/sys_enter", in_tp_btf_s, 0)
IN("fentry/bpf_fentry_test1", in_fentry, 0)
IN("fmod_ret/bpf_modify_return_test", in_fmod_ret, 0)
IN("fexit/bpf_fentry_test1", in_fexit, 0)
IN("fentry.s/" SYS, in_fentry_s, 0)
IN("fmod_ret.s/" SYS, in_fmod_ret_s, 0)
IN("fexit.s/" SYS, in_fexit_s, 0)
IN("fsession/bpf_fentry_test1", in_fsession, 0)
IN("fsession.s/" SYS, in_fsession_s, 0)
IN("fsession.multi/bpf_fentry_test1", in_fsession_multi, 0)
IN("fsession.multi.s/" SYS, in_fsession_multi_s, 0)
IN("fentry.multi/bpf_fentry_test1", in_fentry_multi, 0)
IN("fexit.multi/bpf_fentry_test1", in_fexit_multi, 0)
IN("fentry.multi.s/" SYS, in_fentry_multi_s, 0)
IN("fexit.multi.s/" SYS, in_fexit_multi_s, 0)
// Its argument is that of what it replaces.
SEC("?freplace/replaced") int in_freplace(struct xdp_md *ctx)
{
	return 0;
}
IN("lsm/file_open", in_lsm, 0)
IN("lsm.s/file_open", in_lsm_s, 0)
IN("lsm_cgroup/socket_bind", in_lsm_cgroup, 1)
IN("iter/task", in_iter, 0)
IN("iter.s/task", in_iter_s, 0)
IN("syscall", in_syscall, 0)
IN("xdp.frags/devmap", in_xdp_frags_devmap, 0)
IN("xdp/devmap", in_xdp_devmap, 0)
IN("xdp.frags/cpumap", in_xdp_frags_cpumap, 0)
IN("xdp/cpumap", in_xdp_cpumap, 0)
IN("xdp.frags", in_xdp_frags, 0)
IN("xdp", in_xdp, 0)
IN("perf_event", in_perf_event, 0)
IN("lwt_in", in_lwt_in, 0)
IN("lwt_out", in_lwt_out, 0)
IN("lwt_xmit", in_lwt_xmit, 0)
IN("lwt_seg6local", in_lwt_seg6local, 0)
IN("sockops", in_sockops, 0)
IN("sk_skb/stream_parser", in_sk_skb_stream_parser, 0)
IN("sk_skb/stream_verdict", in_sk_skb_stream_verdict, 0)
IN("sk_skb/verdict", in_sk_skb_verdict, 0)
IN("sk_skb", in_sk_skb, 0)
IN("sk_msg", in_sk_msg, 0)
IN("lirc_mode2", in_lirc_mode2, 0)
IN("flow_dissector", in_flow_dissector, 0)
IN("cgroup_skb/ingress", in_cgroup_skb_ingress, 0)
IN("cgroup_skb/egress", in_cgroup_skb_egress, 0)
IN("cgroup/skb", in_cgroup_skb, 0)
IN("cgroup/sock_create", in_cgroup_sock_create, 0)
IN("cgroup/sock_release", in_cgroup_sock_release, 0)
IN("cgroup/sock", in_cgroup_sock, 0)
IN("cgroup/post_bind4", in_cgroup_post_bind4, 0)
IN("cgroup/post_bind6", in_cgroup_post_bind6, 0)
IN("cgroup/bind4", in_cgroup_bind4, 0)
IN("cgroup/bind6", in_cgroup_bind6, 0)
IN("cgroup/connect4", in_cgroup_connect4, 0)
IN("cgroup/connect6", in_cgroup_connect6, 0)
IN("cgroup/connect_unix", in_cgroup_connect_unix, 0)
IN("cgroup/sendmsg4", in_cgroup_sendmsg4, 0)
IN("cgroup/sendmsg6", in_cgroup_sendmsg6, 0)
IN("cgroup/sendmsg_unix", in_cgroup_sendmsg_unix, 0)
IN("cgroup/recvmsg4", in_cgroup_recvmsg4, 1)
IN("cgroup/recvmsg6", in_cgroup_recvmsg6, 1)
IN("cgroup/recvmsg_unix", in_cgroup_recvmsg_unix, 1)
IN("cgroup/getpeername4", in_cgroup_getpeername4, 1)
IN("cgroup/getpeername6", in_cgroup_getpeername6, 1)
IN("cgroup/getpeername_unix", in_cgroup_getpeername_unix, 1)
IN("cgroup/getsockname4", in_cgroup_getsockname4, 1)
IN("cgroup/getsockname6", in_cgroup_getsockname6, 1)
IN("cgroup/getsockname_unix", in_cgroup_getsockname_unix, 1)
IN("cgroup/sysctl", in_cgroup_sysctl, 0)
IN("cgroup/getsockopt", in_cgroup_getsockopt, 0)
IN("cgroup/setsockopt", in_cgroup_setsockopt, 0)
IN("cgroup/dev", in_cgroup_dev, 0)
IN("sk_lookup", in_sk_lookup, 0)
IN("netfilter", in_netfilter, 0)

SEC("?struct_ops/ssthresh") __u32 BPF_PROG(in_struct_ops, struct sock *sk)
{
	return 2;
}

SEC("?struct_ops.s/ssthresh") __u32 BPF_PROG(in_struct_ops_s, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/undo_cwnd") __u32 BPF_PROG(undo, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/cong_avoid") void BPF_PROG(avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC(".struct_ops") struct tcp_congestion_ops table = {
	.name = "osmia_rows",
	.ssthresh = (void *)in_struct_ops,
	.undo_cwnd = (void *)undo,
	.cong_avoid = (void *)avoid,
};

SEC(".struct_ops") struct tcp_congestion_ops table_s = {
	.name = "osmia_rows_s",
	.ssthresh = (void *)in_struct_ops_s,
	.undo_cwnd = (void *)undo,
	.cong_avoid = (void *)avoid,
};
