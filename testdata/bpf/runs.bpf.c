// One body under many sections, to be run by hand.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile const __u32 answer = 50;

struct arguments {
	__u64 first, second;
};

SEC("socket")
int of_socket(struct __sk_buff *skb)
{
	return answer;
}

SEC("tc")
int of_tc(struct __sk_buff *skb)
{
	skb->mark = 7;
	return answer;
}

SEC("xdp")
int of_xdp(struct xdp_md *xdp)
{
	void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;

	if (data + 1 <= end)
		*(__u8 *)data = 0xab;
	// A packet may grow by a test run.
	bpf_xdp_adjust_tail(xdp, 8);
	return answer;
}

SEC("tracepoint/syscalls/sys_enter_close")
int of_tracepoint(void *ctx)
{
	return answer;
}

SEC("?kprobe/do_exit")
int of_kprobe(void *ctx)
{
	return answer;
}

SEC("sk_skb")
int of_sk_skb(struct __sk_buff *skb)
{
	return answer;
}

SEC("raw_tp/sched_process_exec")
int of_raw_tp(struct arguments *ctx)
{
	return ctx->first + ctx->second;
}

SEC("?syscall")
int of_syscall(struct arguments *ctx)
{
	ctx->second = ctx->first + answer;
	return 3;
}

SEC("?xpd")
int misspelt(struct xdp_md *xdp)
{
	return answer;
}
