/* A congestion control for TCP: one packet more a round trip, and half as many after a loss (as Reno does). */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* As much of the kernel's structs as is used; where the members are is found at load. */
struct sock;

struct tcp_sock {
	__u32 snd_cwnd;          /* packets that may be under way */
	__u32 snd_cwnd_cnt;      /* packets that were received since it grew */
	__u32 snd_cwnd_clamp;    /* the most that it may be */
	__u32 snd_ssthresh;      /* up to here it grows fast */
	__u32 prior_cwnd;        /* what it was before the loss */
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
	char name[16];
	void (*init)(struct sock *sk);
	void (*release)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
};

/* What the connections that use it have done. */
__u64 begun, ended, grown, halved;
/* The most packets that were under way. */
__u32 most;

SEC("struct_ops/init")
void BPF_PROG(on_init, struct sock *sk)
{
	__sync_fetch_and_add(&begun, 1);
}

SEC("struct_ops/release")
void BPF_PROG(on_release, struct sock *sk)
{
	__sync_fetch_and_add(&ended, 1);
}

SEC("struct_ops/ssthresh")
__u32 BPF_PROG(after_loss, struct tcp_sock *tp)
{
	__u32 half = tp->snd_cwnd / 2;

	__sync_fetch_and_add(&halved, 1);
	return half < 2 ? 2 : half;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(on_ack, struct tcp_sock *tp, __u32 ack, __u32 acked)
{
	__u32 window = tp->snd_cwnd;

	if (window >= tp->snd_cwnd_clamp)
		return;
	if (window < tp->snd_ssthresh) {
		window += acked;
	} else {
		tp->snd_cwnd_cnt += acked;
		if (tp->snd_cwnd_cnt < window)
			return;
		tp->snd_cwnd_cnt = 0;
		window++;
	}
	if (window > tp->snd_cwnd_clamp)
		window = tp->snd_cwnd_clamp;
	tp->snd_cwnd = window;
	__sync_fetch_and_add(&grown, 1);
	if (window > most)
		most = window;
}

SEC("struct_ops/undo_cwnd")
__u32 BPF_PROG(not_lost, struct tcp_sock *tp)
{
	return tp->snd_cwnd > tp->prior_cwnd ? tp->snd_cwnd : tp->prior_cwnd;
}

SEC(".struct_ops")
struct tcp_congestion_ops osmia_reno = {
	.name = "osmia_reno",
	.init = (void *)on_init,
	.release = (void *)on_release,
	.ssthresh = (void *)after_loss,
	.cong_avoid = (void *)on_ack,
	.undo_cwnd = (void *)not_lost,
};
