// Functions in several sections that share addresses, called in every way there is.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19 v4
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

__u64 sum = 0;
volatile const __u32 weight = 3;

// Static functions at the same offsets as the programs in their sections.
static __attribute__((noinline)) int add(int a, int b)
{
	barrier_var(a);
	return a + b;
}

static __attribute__((noinline)) int times(int a, int b)
{
	barrier_var(a);
	return a * b;
}

// Calls within .text, which need no relocation.
__attribute__((noinline)) int global_add_times(int a, int b)
{
	barrier_var(a);
	return add(a, b) + times(a, b);
}

__weak __attribute__((noinline)) int weak_one(int a)
{
	barrier_var(a);
	return a + 1;
}

__hidden __attribute__((noinline)) int hidden_two(int a)
{
	barrier_var(a);
	return a + 2;
}

struct bpf_map;

static long each(struct bpf_map *map, const void *key, void *value, void *ctx)
{
	sum += *(__u64 *)value;
	return 0;
}

static long step(__u32 index, void *ctx)
{
	sum += weight;
	return 0;
}

SEC("socket")
int first(struct __sk_buff *skb)
{
	return add(skb->len, weight);
}

SEC("socket")
int second(struct __sk_buff *skb)
{
	return times(skb->len, weight);
}

SEC("xdp")
int third(struct xdp_md *ctx)
{
	return global_add_times(ctx->data_end - ctx->data, 4) ? XDP_PASS : XDP_DROP;
}

SEC("?tc")
int fourth(struct __sk_buff *skb)
{
	return weak_one(hidden_two(skb->len));
}

SEC("syscall")
int walks(void *ctx)
{
	bpf_for_each_map_elem(&numbers, each, (void *)0, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_close")
int loops(void *ctx)
{
	bpf_loop(10, step, (void *)0, 0);
	return 0;
}

SEC("nosuch/section")
int unknown(void *ctx)
{
	return 0;
}
