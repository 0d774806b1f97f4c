// What kernels may have or not, asked for with and without a guard.
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct iov_iter {
	const void *iov;
} __attribute__((preserve_access_index));

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_OSMIA_TEST __kconfig __weak;
extern void present_kfunc(void) __ksym;
extern void absent_kfunc(void) __ksym;
extern void weak_kfunc(void) __ksym __weak;
extern const void weak_symbol __ksym __weak;

const volatile bool wants_iov;
bool says_iov;

SEC("fentry/tcp_connect") int present(void *ctx)
{
	present_kfunc();
	return 0;
}

SEC("fentry/tcp_conect") int misspelt(void *ctx)
{
	return 0;
}

SEC("tc") int strong(struct __sk_buff *skb)
{
	absent_kfunc();
	return 0;
}

SEC("tc") int weak(struct __sk_buff *skb)
{
	if (weak_kfunc)
		weak_kfunc();
	return 0;
}

SEC("tc") int unguarded_weak(struct __sk_buff *skb)
{
	weak_kfunc();
	return 0;
}

static int nothing(__u32 index, void *ctx)
{
	return 1;
}

SEC("tc") int helper(struct __sk_buff *skb)
{
	return bpf_loop(1, nothing, NULL, 0);
}

SEC("tc") int guarded_helper(struct __sk_buff *skb)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		return bpf_loop(1, nothing, NULL, 0);
	return 0;
}

static __noinline long read_iov(struct iov_iter *iter)
{
	return (long)iter->iov;
}

SEC("raw_tp/sched_switch") long subprogram(struct iov_iter *iter)
{
	return read_iov(iter);
}

SEC("raw_tp/sched_switch") long constant(struct iov_iter *iter)
{
	return wants_iov ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long variable(struct iov_iter *iter)
{
	return says_iov ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long version(struct iov_iter *iter)
{
	return LINUX_KERNEL_VERSION < 0x060400 ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long option(struct iov_iter *iter)
{
	return CONFIG_OSMIA_TEST ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long symbol(struct iov_iter *iter)
{
	return &weak_symbol ? (long)iter->iov : 0;
}

// Answers that are kept on the stack: the verifier remembers some.
SEC("raw_tp/sched_switch") long spilled(struct iov_iter *iter)
{
	volatile long has = bpf_core_field_exists(iter->iov);

	return has ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long spilled_over_calls(struct iov_iter *iter)
{
	volatile long has = bpf_core_field_exists(iter->iov);
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	bpf_printk("%s", name);
	return has ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long spilled_zero(struct iov_iter *iter)
{
	volatile int has = bpf_core_field_exists(iter->iov);

	return has ? (long)iter->iov : 0;
}

SEC("raw_tp/sched_switch") long spilled_part(struct iov_iter *iter)
{
	volatile int lacks = !bpf_core_field_exists(iter->iov);

	return lacks ? 0 : (long)iter->iov;
}

SEC("raw_tp/sched_switch") long overwritten(struct iov_iter *iter)
{
	volatile long has = bpf_core_field_exists(iter->iov);

	bpf_probe_read_kernel((void *)&has, sizeof(has), iter);
	return has ? (long)iter->iov : 0;
}

static __noinline int write_to(volatile long *place)
{
	*place = bpf_get_prandom_u32();
	return 0;
}

SEC("raw_tp/sched_switch") long overwritten_by_call(struct iov_iter *iter)
{
	volatile long has = bpf_core_field_exists(iter->iov);

	write_to(&has);
	return has ? (long)iter->iov : 0;
}

SEC("lsm/file_open") int hook(void *ctx)
{
	return 0;
}

SEC("cgroup/connect_unix") int unix_connect(void *ctx)
{
	return 1;
}

SEC("kprobe.multi/tcp_*") int many(void *ctx)
{
	return 0;
}

SEC("kprobe/tcp_gone") int gone(void *ctx)
{
	return 0;
}

SEC("netfilter") int filter(void *ctx)
{
	return 1;
}

SEC("?tp_btf/no_such_event") int left_out(void *ctx)
{
	return 0;
}

SEC("wrong") int untyped(void *ctx)
{
	return 0;
}
