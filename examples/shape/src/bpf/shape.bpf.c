/* Lets an interface send no more packets than a rate allows, but a few at once. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* Nanoseconds from one packet to the next. */
const volatile __u64 interval = 1000000;
/* As many packets may be ahead of their time. */
const volatile __u64 burst = 5;

/* When the next packet is due. Two CPUs that meet here let a packet too many pass, no more. */
__u64 due;

__u64 passed;
__u64 dropped;

SEC("tcx/egress")
int shape(struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_ns(), next = due;

	/* Others than IPv4, such as the questions for an address, are always let through. */
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	if (next < now)
		next = now;
	if (next - now > burst * interval) {
		__sync_fetch_and_add(&dropped, 1);
		return TC_ACT_SHOT;
	}
	due = next + interval;
	__sync_fetch_and_add(&passed, 1);
	return TC_ACT_UNSPEC;
}
