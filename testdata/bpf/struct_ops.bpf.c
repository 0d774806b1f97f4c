// A congestion control of TCP: the slow start of a very shy sender.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;

struct tcp_sock {
	__u32 snd_cwnd;
} __attribute__((preserve_access_index));

// As much of the kernel's as is used, in another order, and a member that it has not.
struct tcp_congestion_ops___osmia {
	char name[16];
	__u32 flags;
	long not_in_the_kernel;
	void (*init)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
};

__u64 inits, avoids;
__u32 least = 2;

SEC("struct_ops/init") void BPF_PROG(shy_init, struct sock *sk)
{
	__sync_fetch_and_add(&inits, 1);
}

SEC("struct_ops/ssthresh") __u32 BPF_PROG(shy_ssthresh, struct sock *sk)
{
	return least;
}

SEC("struct_ops/cong_avoid") void BPF_PROG(shy_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
	__sync_fetch_and_add(&avoids, 1);
}

SEC("struct_ops/undo_cwnd") __u32 BPF_PROG(shy_undo_cwnd, struct tcp_sock *tp)
{
	return tp->snd_cwnd;
}

SEC("struct_ops/release") void BPF_PROG(shy_release, struct sock *sk)
{
}

SEC(".struct_ops") struct tcp_congestion_ops___osmia shy = {
	.init = (void *)shy_init,
	.ssthresh = (void *)shy_ssthresh,
	.cong_avoid = (void *)shy_cong_avoid,
	.undo_cwnd = (void *)shy_undo_cwnd,
	.name = "osmia_shy",
};

SEC(".struct_ops.link") struct tcp_congestion_ops___osmia linked = {
	.init = (void *)shy_init,
	.ssthresh = (void *)shy_ssthresh,
	.cong_avoid = (void *)shy_cong_avoid,
	.undo_cwnd = (void *)shy_undo_cwnd,
	.name = "osmia_linked",
};

struct tcp_congestion_ops {
	void (*release)(struct sock *sk);
	__u32 flags;
	char name[16];
	long nmae;
};

SEC("?.struct_ops") struct tcp_congestion_ops left_out = {
	.release = (void *)shy_release,
	.nmae = 1,
};
