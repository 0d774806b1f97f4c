/* What a module's handles are tried with: maps of maps, maps of each CPU, tail calls, counters. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct limit {
	__u32 most;
	__u32 seen;
};

/* The limits in force: one table is replaced by another at once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 16);
		__type(key, __u32);
		__type(value, struct limit);
	});
} tables SEC(".maps");

/* Counters by tenant. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u64);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 3);
		__type(key, __u32);
		__type(value, __u64);
	});
} tenants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct limit);
} by_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

struct totals {
	__u64 packets;
	__u64 bytes;
};

__u64 hits;
__s32 below = -5;
__u64 by_size[4];
struct totals totals;
struct {
	__u8 tag;
	__u32 count;
} __attribute__((packed)) odd;
volatile const __u32 slot = 0;

/* Counts in every place. */
SEC("socket")
int count(struct __sk_buff *skb)
{
	__u32 key = slot, len = skb->len, id = 7;
	__u64 tenant = 1000, one = 1, *found;
	struct limit *limit;
	void *inner;

	__sync_fetch_and_add(&hits, 1);
	__sync_fetch_and_add(&below, 1);
	__sync_fetch_and_add(&by_size[len < 64 ? 0 : 3], 1);
	__sync_fetch_and_add(&totals.packets, 1);
	__sync_fetch_and_add(&totals.bytes, len);
	odd.count++;

	limit = bpf_map_lookup_elem(&by_cpu, &key);
	if (limit)
		limit->seen++;
	found = bpf_map_lookup_elem(&runs, &id);
	if (found)
		++*found;
	else
		bpf_map_update_elem(&runs, &id, &one, BPF_ANY);

	inner = bpf_map_lookup_elem(&tenants, &tenant);
	found = inner ? bpf_map_lookup_elem(inner, &key) : NULL;
	if (found)
		++*found;

	inner = bpf_map_lookup_elem(&tables, &key);
	limit = inner ? bpf_map_lookup_elem(inner, &id) : NULL;
	if (!limit)
		return 0;
	limit->seen++;
	return limit->most;
}

SEC("socket")
int first(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 1);
	return 1;
}

SEC("socket")
int second(struct __sk_buff *skb)
{
	return 2;
}
