// The second of the files that are linked to one object.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

extern int LINUX_KERNEL_VERSION __kconfig;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} own SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

__u64 total = 40;
extern __u32 base;
volatile __u32 limit = 9;
static volatile __u32 calls;
static volatile const char greeting[] = "count";

static noinline int twist(int x)
{
	barrier_var(x);
	calls += 100;
	return x + 20;
}

noinline int scale(int x)
{
	barrier_var(x);
	return twist(x) + base;
}

noinline int pick(void)
{
	int x = 2;

	barrier_var(x);
	return x;
}

SEC("tc")
int counts_own(struct __sk_buff *skb)
{
	__u32 key = greeting[skb->len & 3], value = LINUX_KERNEL_VERSION;

	bpf_map_update_elem(&own, &key, &value, BPF_ANY);
	// 21 + 7 + 2
	return scale(1) + pick();
}
