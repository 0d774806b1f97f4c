// What lives in modules of the kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct nf_conn;
struct bpf_ct_opts;

// Of the module nf_conntrack.
extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
					 __u32 tuple_size, struct bpf_ct_opts *opts,
					 __u32 opts_size) __ksym __weak;
extern void bpf_ct_release(struct nf_conn *conn) __ksym __weak;

struct opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

int looked_up;
int error = 1;
int sent;

SEC("?tc")
int looks_up(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct opts opts = {.netns_id = -1, .l4proto = 6};
	struct nf_conn *conn;

	if (!bpf_skb_ct_lookup)
		return 0;
	tuple.ipv4.saddr = 0x0100007f;
	tuple.ipv4.daddr = 0x0100007f;
	conn = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple.ipv4), (struct bpf_ct_opts *)&opts,
				 sizeof(opts));
	error = opts.error;
	looked_up = 1;
	if (conn)
		bpf_ct_release(conn);
	return 0;
}

SEC("?fentry/veth_xmit")
int sends(void *ctx)
{
	sent++;
	return 0;
}

SEC("?fentry/veth:veth_xmit")
int sends_by_module(void *ctx)
{
	sent++;
	return 0;
}

SEC("?fentry/osmia_no_such_function")
int nowhere(void *ctx)
{
	return 0;
}
