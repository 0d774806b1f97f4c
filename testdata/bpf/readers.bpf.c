// What user space fills or reads: a ring buffer for programs, stacks, an iterator's records.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct order {
	__u64 number;
	__u32 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct order);
} orders SEC(".maps");

__u64 received;
__u64 sum;
__u64 bad;

static long on_order(struct bpf_dynptr *record, void *context)
{
	struct order order;

	if (bpf_dynptr_read(&order, sizeof(order), record, 0, 0) || order.mark != 0x600d) {
		bad++;
		return 0;
	}
	received++;
	sum += order.number;
	return 0;
}

SEC("socket")
int drain(struct __sk_buff *skb)
{
	return bpf_user_ringbuf_drain(&orders, on_order, 0, 0);
}

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 64 * sizeof(__u64));
	__uint(max_entries, 128);
} stacks SEC(".maps");

__s64 kernel_stack;
__s64 user_stack;

SEC("raw_tp")
int take_stacks(void *ctx)
{
	kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
	user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	return 0;
}
