// The third of the files that are linked to one object.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

__weak struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

static volatile __u32 calls = 5;
static volatile const char greeting[] = "deep";

extern int scale(int x);

static noinline int twist(int x)
{
	barrier_var(x);
	calls += x;
	return x + 30;
}

__hidden noinline int deep(int x)
{
	barrier_var(x);
	return twist(x);
}

SEC("tc")
int deeper(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct count *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		count->last = greeting[1] + bpf_core_field_exists(struct task_struct, pid);
	// 31 + 31 + 5 + 1
	return deep(1) + twist(1) + calls;
}
