// Variables and contexts that people write by hand, and programs that take them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct peer {
	__u32 ip, port;
	char name[16];
};

volatile __u32 ip = 1;
volatile __u8 mac[6];
volatile char name[16];
volatile __u8 six[16];
volatile struct peer peer = { 1, 5, "me" };
volatile __u32 list[4] = { 1, 2, 3, 4 };

SEC("syscall")
int sums(struct peer *ctx)
{
	ctx->port += mac[5] + name[0] + six[15] + peer.port + list[1] + ip;
	return ctx->ip == ip;
}

SEC("syscall")
int untyped(void *ctx)
{
	return 4;
}

SEC("raw_tp/sched_process_exec")
int adds(unsigned long long *ctx)
{
	return ctx[0] + ctx[1] - ctx[2];
}

SEC("raw_tp/sched_process_exec")
int raw_args(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0];
}

SEC("xdp")
int by_length(struct xdp_md *ctx)
{
	// What is long enough for an IPv4 header and says that it is IPv4.
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_ABORTED;
	return data[12] == 8 && data[13] == 0 ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int marks(struct __sk_buff *skb)
{
	skb->mark += 2;
	return skb->mark;
}
