// Programs that a verifier refuses, each for a usual reason.
// fixture: clang-19 v4
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 total;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static long count_one(struct bpf_map *map, const void *key, void *value, void *ctx)
{
	++*(__u64 *)ctx;
	return 0;
}

static long answer_any(struct bpf_map *map, const void *key, void *value, void *ctx)
{
	return *(__u64 *)value;
}

extern const int osmia_absent __ksym __weak;

// More than the verifier goes through.
SEC("?socket")
int too_large(struct __sk_buff *skb)
{
	__u64 sum = skb->len;

	for (__u32 i = 0; i < 10000000; i++)
		asm volatile("%0 += %1" : "+r"(sum) : "r"((__u64)i));
	return sum;
}

// What the kernel has not is at 0, and must be asked for.
SEC("?raw_tp/sys_enter")
int absent(void *ctx)
{
	return osmia_absent;
}

static __attribute__((noinline)) int twice(int n)
{
	return n * 2;
}

int (*volatile chosen)(int) = twice;

// Functions have no addresses that can be called.
SEC("?socket")
int through_pointer(struct __sk_buff *skb)
{
	return chosen(skb->len);
}

// Of instruction set v4, if compiled for that.
SEC("?socket")
int extends(struct __sk_buff *skb)
{
	return (signed char)skb->len;
}

// The context of a callback must be on the stack.
SEC("?socket")
int context_in_map(struct __sk_buff *skb)
{
	return bpf_for_each_map_elem(&counts, count_one, &total, 0);
}

// A callback answers 0 or 1.
SEC("?socket")
int wrong_answer(struct __sk_buff *skb)
{
	return bpf_for_each_map_elem(&counts, answer_any, 0, 0);
}

// A value must be checked before it is used.
SEC("?socket")
int unchecked(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	return *value;
}

// Reading behind a value's end.
SEC("?socket")
int out_of_bounds(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	return value ? value[1] : 0;
}
