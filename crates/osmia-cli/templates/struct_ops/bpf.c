/* A congestion control of TCP that keeps its window at a fixed size. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;

/* What is wanted of the kernel's structs: where it lies is found when the program is loaded. */
struct tcp_sock {
	__u32 snd_cwnd;
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

/* Packets that may be under way. */
volatile const __u32 window = 10;
/* Acknowledgements so far. */
__u64 acknowledged;

SEC("struct_ops/ssthresh")
__u32 BPF_PROG(fixed_ssthresh, struct sock *sk)
{
	return window;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(fixed_cong_avoid, struct tcp_sock *tp, __u32 ack, __u32 acked)
{
	__sync_fetch_and_add(&acknowledged, acked);
	tp->snd_cwnd = window;
}

SEC("struct_ops/undo_cwnd")
__u32 BPF_PROG(fixed_undo_cwnd, struct sock *sk)
{
	return window;
}

/* The table: users choose it by its name. Its link goes with the process, however that ends. */
SEC(".struct_ops.link")
struct tcp_congestion_ops fixed = {
	.ssthresh = (void *)fixed_ssthresh,
	.cong_avoid = (void *)fixed_cong_avoid,
	.undo_cwnd = (void *)fixed_undo_cwnd,
	.name = "fixed_window",
};
