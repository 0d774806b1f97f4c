// A congestion control of TCP that nobody uses, for the command that runs programs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;

struct tcp_congestion_ops {
	char name[16];
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
};

SEC("struct_ops/ssthresh") __u32 BPF_PROG(still_ssthresh, struct sock *sk)
{
	return 2;
}

SEC("struct_ops/cong_avoid") void BPF_PROG(still_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC("struct_ops/undo_cwnd") __u32 BPF_PROG(still_undo, struct sock *sk)
{
	return 2;
}

SEC(".struct_ops") struct tcp_congestion_ops still = {
	.ssthresh = (void *)still_ssthresh,
	.cong_avoid = (void *)still_avoid,
	.undo_cwnd = (void *)still_undo,
	.name = "osmia_run_still",
};
