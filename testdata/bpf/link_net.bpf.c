// Programs for interfaces, cgroups, namespaces and sockets: each counts how often it runs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "GPL";

#define COUNT(name) __sync_fetch_and_add(&name, 1)

__u64 by_ingress, by_egress, by_connect, by_skb, by_filter, by_lookup, by_msg, by_netfilter;
__u64 by_reuseport, by_stream, by_netkit, by_bind, by_flow, by_route_in, by_route_out, by_route_xmit;
__u64 by_segment, segmented;

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("tc/ingress")
int on_ingress(struct __sk_buff *skb)
{
	COUNT(by_ingress);
	return -1; // TC_ACT_UNSPEC: the next one decides
}

SEC("tc/egress")
int on_egress(struct __sk_buff *skb)
{
	COUNT(by_egress);
	return -1;
}

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	COUNT(by_connect);
	return 1;
}

SEC("cgroup/skb")
int on_skb(struct __sk_buff *skb)
{
	COUNT(by_skb);
	return 1;
}

SEC("socket")
int on_socket(struct __sk_buff *skb)
{
	COUNT(by_filter);
	return 0; // nothing of it is kept
}

SEC("sk_lookup")
int on_lookup(struct bpf_sk_lookup *ctx)
{
	COUNT(by_lookup);
	return SK_PASS;
}

SEC("sk_msg")
int on_msg(struct sk_msg_md *msg)
{
	COUNT(by_msg);
	return SK_PASS;
}

SEC("flow_dissector")
int on_flow(struct __sk_buff *skb)
{
	COUNT(by_flow);
	return BPF_OK;
}

// Makes the kernel take the packet's headers apart.
SEC("tc")
int on_hash(struct __sk_buff *skb)
{
	bpf_set_hash_invalid(skb);
	bpf_get_hash_recalc(skb);
	return -1;
}

SEC("lwt_in")
int on_route_in(struct __sk_buff *skb)
{
	COUNT(by_route_in);
	return BPF_OK;
}

SEC("lwt_out")
int on_route_out(struct __sk_buff *skb)
{
	COUNT(by_route_out);
	return BPF_OK;
}

SEC("lwt_xmit")
int on_route_xmit(struct __sk_buff *skb)
{
	COUNT(by_route_xmit);
	return BPF_OK;
}

SEC("?lwt_seg6local")
int on_segment(struct __sk_buff *skb)
{
	COUNT(by_segment);
	return BPF_OK;
}

#define PREFIX 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

// An IPv6 packet from 2001:db8::2 to 2001:db8::7, the first of two segments of which the other is 2001:db8::9.
static const __u8 packet[] = {
	0x60, 0, 0, 0, 0, 48, 43, 64, PREFIX, 2, PREFIX, 7,
	59, 4, 4, 1, 1, 0, 0, 0, PREFIX, 9, PREFIX, 7,
	'n', 'o', 't', 'h', 'i', 'n', 'g', '.',
};

// Makes such a packet of each one of IPv4.
SEC("tc")
int to_segments(struct __sk_buff *skb)
{
	const int ethernet = 14;
	__u16 ipv6 = bpf_htons(0x86dd);

	if (skb->protocol != bpf_htons(0x0800))
		return -1;
	if (bpf_skb_change_proto(skb, ipv6, 0) || bpf_skb_change_tail(skb, ethernet + sizeof(packet), 0))
		return 2; // TC_ACT_SHOT: it is no packet any more
	if (bpf_skb_store_bytes(skb, ethernet, packet, sizeof(packet), 0) ||
	    bpf_skb_store_bytes(skb, ethernet - sizeof(ipv6), &ipv6, sizeof(ipv6), 0))
		return 2;
	COUNT(segmented);
	return -1;
}

SEC("?netkit/primary")
int on_netkit(struct __sk_buff *skb)
{
	COUNT(by_netkit);
	return -1; // TCX_NEXT: the next one decides
}

SEC("sk_reuseport")
int on_reuseport(struct sk_reuseport_md *ctx)
{
	COUNT(by_reuseport);
	return SK_PASS; // whichever socket the kernel would choose
}

SEC("sk_skb/stream_verdict")
int on_stream(struct __sk_buff *skb)
{
	COUNT(by_stream);
	return SK_PASS;
}

SEC("?lsm_cgroup/socket_bind")
int on_bind(void *ctx)
{
	COUNT(by_bind);
	return 1; // it may go on
}

struct bpf_nf_ctx;

SEC("?netfilter")
int on_netfilter(struct bpf_nf_ctx *ctx)
{
	COUNT(by_netfilter);
	return 1; // NF_ACCEPT
}
