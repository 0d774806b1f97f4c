/* Counts an interface's packets and bytes in both directions, and marks those that leave. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define NEXT -1 /* TC_ACT_UNSPEC: the next program decides */

/* What went through. */
struct traffic {
	__u64 packets;
	__u64 bytes;
};

/* What came in. */
struct traffic received;
/* What went out. */
struct traffic sent;
/* The mark that packets get when they leave; they get none if it is 0. */
volatile const __u32 mark;

static void count(struct traffic *traffic, __u32 bytes)
{
	__sync_fetch_and_add(&traffic->packets, 1);
	__sync_fetch_and_add(&traffic->bytes, bytes);
}

SEC("tc/ingress")
int on_receive(struct __sk_buff *skb)
{
	count(&received, skb->len);
	return NEXT;
}

SEC("tc/egress")
int on_send(struct __sk_buff *skb)
{
	count(&sent, skb->len);
	if (mark)
		skb->mark = mark;
	return NEXT;
}
