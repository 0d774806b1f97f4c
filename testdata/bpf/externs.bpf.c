// What an object expects of the kernel.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF_SYSCALL __kconfig __weak;
extern enum libbpf_tristate CONFIG_IPV6 __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[10] __kconfig __weak;
extern __u64 CONFIG_HZ __kconfig;
extern const void bpf_prog_active __ksym __weak;
extern int runqueues __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void no_such_kfunc(int a) __ksym __weak;

SEC("socket")
int uses(struct __sk_buff *skb)
{
	int sum = LINUX_KERNEL_VERSION + CONFIG_BPF_SYSCALL + CONFIG_IPV6 + CONFIG_HZ;

	sum += CONFIG_DEFAULT_HOSTNAME[skb->len & 7];
	sum += &bpf_prog_active ? 1 : 0;
	sum += runqueues;
	bpf_rcu_read_lock();
	if (no_such_kfunc)
		no_such_kfunc(sum);
	return sum;
}
