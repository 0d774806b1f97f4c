// Constants as kernels without global variables can have them, and uses that they cannot have.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct limits {
	__u8 first;
	__s16 second;
	__u64 third;
};

const volatile __u32 small = 7;
const volatile __s8 negative = -5;
const volatile __u32 high = 0xfffffff0;
const volatile __u64 wide = 0x123456789abcdef0;
const volatile __s64 wide_negative = -3;
const volatile bool enabled = true;
const volatile struct limits limits = {1, -2, 0xfedcba9876543210};
const volatile __u32 table[4] = {10, 20, 30, 40};
extern int CONFIG_HZ __kconfig;
extern unsigned int LINUX_KERNEL_VERSION __kconfig;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} results SEC(".maps");

static __always_inline void put(__u32 key, __u64 value)
{
	bpf_map_update_elem(&results, &key, &value, BPF_ANY);
}

// Reads in branches, of all widths, with jumps around instructions that grow.
SEC("socket")
int reads(struct __sk_buff *skb)
{
	put(0, small);
	put(1, negative);
	put(2, high);
	if (enabled)
		put(3, wide);
	else
		put(3, 1);
	for (int i = 0; i < 3; i++)
		put(4, wide_negative + i);
	put(5, limits.first + limits.second + limits.third);
	put(6, table[2]);
	bpf_get_prandom_u32();
	put(7, CONFIG_HZ);
	return LINUX_KERNEL_VERSION >> 16;
}

// The subprogram reads through what it is given, and on its own.
static __attribute__((noinline)) int through(const volatile __u32 *number, __u64 factor)
{
	return *number * factor + (wide >> 60);
}

SEC("socket")
int calls(struct __sk_buff *skb)
{
	return through(&small, skb->len) + through(&small, 3);
}

SEC("?socket")
int indexes(struct __sk_buff *skb)
{
	return table[skb->len & 3];
}

SEC("?socket")
int hands_over(struct __sk_buff *skb)
{
	__u64 key = 0;

	bpf_map_update_elem(&results, &key, (const void *)&wide, BPF_ANY);
	return 0;
}

SEC("?socket")
int chooses(struct __sk_buff *skb)
{
	const volatile __u32 *chosen = skb->len > 100 ? &small : &high;

	asm volatile("" : "+r"(chosen));
	return *chosen;
}
