// A struct of the kernel's as a whole, for what prints values.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

// How long the struct is, which the kernel's types say.
const volatile __u32 size = 1;

unsigned char task[32768];

SEC("raw_tp/sys_enter")
int copies(void *ctx)
{
	__u32 length = size;

	if (length > sizeof(task))
		return 1;
	return bpf_probe_read_kernel(task, length, (void *)bpf_get_current_task());
}
