// A queueing discipline that queues nothing: it counts packets and drops them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

// What linux/netdevice.h calls so.
#define NET_XMIT_DROP 1

struct sk_buff;
struct Qdisc;
struct nlattr;
struct netlink_ext_ack;
struct bpf_sk_buff_ptr;

// As much of the kernel's as is used.
struct Qdisc_ops {
	int (*enqueue)(struct sk_buff *skb, struct Qdisc *sch, struct sk_buff **to_free);
	struct sk_buff *(*dequeue)(struct Qdisc *sch);
	int (*init)(struct Qdisc *sch, struct nlattr *options, struct netlink_ext_ack *ack);
	void (*reset)(struct Qdisc *sch);
	void (*destroy)(struct Qdisc *sch);
	char id[16];
};

extern void bpf_qdisc_skb_drop(struct sk_buff *skb, struct bpf_sk_buff_ptr *to_free) __ksym;

__u64 dropped, begun, ended;

SEC("struct_ops") int BPF_PROG(drop_enqueue, struct sk_buff *skb, struct Qdisc *sch, struct bpf_sk_buff_ptr *to_free)
{
	__sync_fetch_and_add(&dropped, 1);
	bpf_qdisc_skb_drop(skb, to_free);
	return NET_XMIT_DROP;
}

SEC("struct_ops") struct sk_buff *BPF_PROG(drop_dequeue, struct Qdisc *sch)
{
	return (struct sk_buff *)0;
}

SEC("struct_ops") int BPF_PROG(drop_init, struct Qdisc *sch, struct nlattr *options, struct netlink_ext_ack *ack)
{
	__sync_fetch_and_add(&begun, 1);
	return 0;
}

SEC("struct_ops") void BPF_PROG(drop_reset, struct Qdisc *sch)
{
}

SEC("struct_ops") void BPF_PROG(drop_destroy, struct Qdisc *sch)
{
	__sync_fetch_and_add(&ended, 1);
}

SEC(".struct_ops") struct Qdisc_ops drop = {
	.enqueue = (void *)drop_enqueue,
	.dequeue = (void *)drop_dequeue,
	.init = (void *)drop_init,
	.reset = (void *)drop_reset,
	.destroy = (void *)drop_destroy,
	.id = "osmia_drop",
};
