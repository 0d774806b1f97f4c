// SPDX-License-Identifier: MIT
// Perf buffer producer: one 64-byte event per run, driven by BPF_PROG_TEST_RUN with repeat, as rb.bpf.c does.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	__u64 seq;
	__u64 word[7];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} pb SEC(".maps");

/* slot 0: events written; slot 1: events dropped (ring full) */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} stat SEC(".maps");

SEC("socket")
int push(struct __sk_buff *skb)
{
	__u32 k0 = 0, k1 = 1;
	__u64 *sent = bpf_map_lookup_elem(&stat, &k0);
	__u64 *lost = bpf_map_lookup_elem(&stat, &k1);
	struct event e = { .word = { 1, 2, 3, 4, 5, 6, 7 } };

	if (!sent || !lost)
		return 0;
	e.seq = *sent;
	if (bpf_perf_event_output(skb, &pb, BPF_F_CURRENT_CPU, &e, sizeof(e))) {
		*lost += 1;
		return 0;
	}
	*sent += 1;
	return 1;
}
