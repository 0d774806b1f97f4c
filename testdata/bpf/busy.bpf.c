// A program that keeps the processor in its own code.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int of_xdp(struct xdp_md *xdp)
{
	__u32 sum = 0;

	for (int i = 0; i < 2000; i++) {
		sum = sum * 5 + xdp->ingress_ifindex;
		barrier_var(sum);
	}
	return sum & 1 ? XDP_PASS : XDP_DROP;
}
