// The first of the files that are linked to one object: it declares what the others define.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF_SYSCALL __kconfig __weak;

extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

extern __u64 total;
volatile __u32 base = 7;
__weak volatile __u32 limit = 1;
volatile const __u32 factor = 3;
static volatile __u32 calls;
static volatile const char greeting[] = "entry";

extern int scale(int x);
extern int deep(int x);

static noinline int twist(int x)
{
	barrier_var(x);
	calls++;
	return x + 10;
}

__weak noinline int pick(void)
{
	int x = 1;

	barrier_var(x);
	return x;
}

SEC("tc")
int entry(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct count *count = bpf_map_lookup_elem(&counts, &key);

	if (!count)
		return -1;
	count->packets++;
	count->last = greeting[1];
	total += LINUX_KERNEL_VERSION > 0 ? 2 : 0;
	total += CONFIG_BPF_SYSCALL;
	// 11 + 29 * 3 + 2 * 1000 + 9 * 10000 + 4 * 100000 + 34 * 1000000
	return twist(1) + scale(2) * factor + pick() * 1000 + limit * 10000 +
	       bpf_core_field_size(struct task_struct, tgid) * 100000 + deep(4) * 1000000;
}
