/* Drops packets from networks on a list, and counts. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* A network: as many bits of the address count as `bits` says. */
struct network {
	__u32 bits;
	__u8 address[4];
};

/* The networks that nothing is let in from, and how many packets each of them lost. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct network);
	__type(value, __u64);
} blocked SEC(".maps");

struct traffic {
	__u64 passed;
	__u64 dropped;
};

/* What came, of each CPU, so that CPUs do not wait for each other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = data + sizeof(*ethernet);
	struct network from = { .bits = 32 };
	struct traffic *counts;
	__u32 zero = 0;
	__u64 *lost;

	if ((void *)(ip + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	counts = bpf_map_lookup_elem(&traffic, &zero);
	if (!counts)
		return XDP_PASS;
	__builtin_memcpy(from.address, &ip->saddr, sizeof(from.address));
	lost = bpf_map_lookup_elem(&blocked, &from);
	if (!lost) {
		counts->passed++;
		return XDP_PASS;
	}
	__sync_fetch_and_add(lost, 1);
	counts->dropped++;
	return XDP_DROP;
}
