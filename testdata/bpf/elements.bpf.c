// Maps of the basic types, and programs that put elements into them and walk them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

// Padding between the members and behind them.
struct key {
	__u8 kind;
	__u32 id;
	__u16 port;
};

struct prefix {
	__u32 length;
	__u8 address[4];
};

struct value {
	__u64 bytes;
	__u8 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10000);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct key);
	__type(value, struct value);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1000);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} mapped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} cpu_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} cpu_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, __u64);
} queue SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner_zero SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [0] = &inner_zero, [2] = &inner_two },
};

int tail(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int (void *));
} tails SEC(".maps") = {
	.values = { [1] = (void *)&tail },
};

static long count_one(struct bpf_map *map, const void *key, void *value, void *ctx)
{
	++*(__u64 *)ctx;
	return 0;
}

SEC("?socket")
int count(struct __sk_buff *skb)
{
	__u64 found = 0;

	bpf_for_each_map_elem(&counts, count_one, &found, 0);
	return found;
}

SEC("socket")
int increment(struct __sk_buff *skb)
{
	__u32 zero = 0, *value = bpf_map_lookup_elem(&mapped, &zero);
	__u64 *cpu = bpf_map_lookup_elem(&cpu_slots, &zero);

	if (value)
		++*value;
	if (cpu)
		++*cpu;
	return value ? *value : 0;
}

SEC("socket")
int tail(struct __sk_buff *skb)
{
	return 77;
}

SEC("socket")
int jump(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &tails, 1);
	return 1;
}

SEC("socket")
int through_maps(struct __sk_buff *skb)
{
	__u32 zero = 0, two = 2;
	void *inner = bpf_map_lookup_elem(&outer, &two);
	__u64 *value = inner ? bpf_map_lookup_elem(inner, &zero) : 0;

	return value ? *value : -1;
}
