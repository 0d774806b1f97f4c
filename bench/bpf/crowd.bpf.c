// SPDX-License-Identifier: MIT
// One of many objects that a busy machine has loaded: 20 programs, half of whose names the kernel cuts off, 6 maps.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
const volatile __u64 step = 1;
__u64 seen[32];

struct entry {
	__u64 packets;
	__u64 bytes;
	__u32 marks[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct entry);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct entry);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

static __always_inline int count(struct __sk_buff *skb, __u32 slot)
{
	__u64 key = skb->ifindex;
	struct entry *flow = bpf_map_lookup_elem(&flows, &key);
	if (flow) {
		flow->packets += step;
		flow->bytes += skb->len;
	}
	struct entry *last = bpf_map_lookup_elem(&recent, &key);
	if (last)
		last->marks[slot & 7]++;
	__u64 *total = bpf_map_lookup_elem(&totals, &slot);
	if (total)
		*total += skb->len;
	__u64 *sum = bpf_map_lookup_elem(&sums, &slot);
	if (sum)
		*sum += 1;
	seen[slot & 31]++;
	return skb->len;
}

#define SHORT(n) \
	SEC("socket") int count_##n(struct __sk_buff *skb) { return count(skb, n); }
#define LONG(n) \
	SEC("socket") int count_packets_in_slot_##n(struct __sk_buff *skb) { return count(skb, n); }

SHORT(0) SHORT(1) SHORT(2) SHORT(3) SHORT(4) SHORT(5) SHORT(6) SHORT(7) SHORT(8) SHORT(9)
LONG(10) LONG(11) LONG(12) LONG(13) LONG(14) LONG(15) LONG(16) LONG(17) LONG(18) LONG(19)
