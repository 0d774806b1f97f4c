// Programs for places that they are attached to.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

volatile const __u32 only_tgid = 0;
__u64 by_tracepoint, by_raw_tracepoint, by_btf, by_xdp;

static __attribute__((always_inline)) int ours(void)
{
	return bpf_get_current_pid_tgid() >> 32 == only_tgid;
}

SEC("tracepoint/syscalls/sys_enter_getpriority")
int on_tracepoint(void *ctx)
{
	if (ours())
		__sync_fetch_and_add(&by_tracepoint, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int on_raw_tracepoint(struct bpf_raw_tracepoint_args *ctx)
{
	if (ours())
		__sync_fetch_and_add(&by_raw_tracepoint, 1);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_btf, void *regs, long number)
{
	if (ours())
		__sync_fetch_and_add(&by_btf, 1);
	return 0;
}

SEC("xdp")
int on_packet(struct xdp_md *xdp)
{
	__sync_fetch_and_add(&by_xdp, 1);
	return XDP_PASS;
}

SEC("?fentry/do_exit")
int on_function(void *ctx)
{
	return 0;
}

SEC("?tp_btf/sys_entr")
int on_absent(void *ctx)
{
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_clos")
int on_absent_tracepoint(void *ctx)
{
	return 0;
}
