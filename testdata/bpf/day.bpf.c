// A working day: functions of its own, a jump into another program, a map, variables, messages.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct flow {
	__u32 from;
	__u16 port;
	char tag[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct flow);
	__type(value, __u64);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} jumps SEC(".maps");

const volatile __u32 least = 7;
__u64 packets;

static __attribute__((noinline)) __u32 half(__u32 number)
{
	return number / 2 + (__u32)packets;
}

__attribute__((noinline)) int twice(int number)
{
	return number * 2 + least;
}

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	struct flow flow = { .from = 1, .port = 80, .tag = "web" };
	__u64 one = 1;

	bpf_map_update_elem(&flows, &flow, &one, 0);
	packets++;
	if (half(ctx->data_end - ctx->data) > least)
		bpf_printk("a long packet: %d", twice(3));
	bpf_tail_call(ctx, &jumps, 1);
	return XDP_PASS;
}

SEC("xdp")
int target(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int other(struct xdp_md *ctx)
{
	bpf_printk("of the other: %d", 1);
	return XDP_PASS;
}
