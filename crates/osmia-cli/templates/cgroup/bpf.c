/* Counts what a cgroup's processes send, and stops them at a limit. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define DROP 0
#define PASS 1

/* Bytes that may be sent; any number if it is 0. */
volatile const __u64 limit;
/* Bytes that were sent. */
__u64 sent;
/* Packets that were dropped. */
__u64 dropped;

SEC("cgroup_skb/egress")
int on_send(struct __sk_buff *skb)
{
	if (limit && sent + skb->len > limit) {
		__sync_fetch_and_add(&dropped, 1);
		return DROP;
	}
	__sync_fetch_and_add(&sent, skb->len);
	return PASS;
}
