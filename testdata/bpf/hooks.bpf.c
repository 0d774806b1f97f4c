// Programs that let everything pass, for places on interfaces and cgroups.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc")
int tc_pass(struct __sk_buff *skb)
{
	return 0;
}

SEC("cgroup_skb/egress")
int cgroup_pass(struct __sk_buff *skb)
{
	return 1;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	return BPF_OK;
}

SEC("raw_tp/sched_process_exec")
int raw_exec(void *ctx)
{
	return 0;
}

SEC("tp_btf/sched_process_exec")
int typed_exec(void *ctx)
{
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int plain_exec(void *ctx)
{
	return 0;
}
