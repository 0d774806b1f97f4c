#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* Packets longer than this are counted; set before loading. */
volatile const __u32 limit = 1500;
/* Packets that were longer. */
__u64 longer;

SEC("socket")
int count_longer(struct __sk_buff *skb)
{
	if (skb->len > limit)
		__sync_fetch_and_add(&longer, 1);
	return 0;
}
