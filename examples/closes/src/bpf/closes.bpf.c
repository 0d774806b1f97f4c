/* Prints a constant at each close(2), and can be run by hand. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* What is printed; set before loading, constant for the verifier. */
volatile const __u32 const_u32 = 50;

/* The only process whose calls are printed; 0 for all. */
volatile const __u32 only_pid = 0;

/* How many calls were printed. */
__u64 printed;

SEC("tracepoint/syscalls/sys_enter_close")
int on_close(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (only_pid && pid != only_pid)
		return 0;
	bpf_printk("close: the constant is %u", const_u32);
	__sync_fetch_and_add(&printed, 1);
	return 0;
}

SEC("socket")
int const_example(struct __sk_buff *skb)
{
	return const_u32;
}
