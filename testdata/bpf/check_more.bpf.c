// What kernels may lack that no type names: options, marked functions, instructions.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(value, __u32);
} keyless SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} patternless SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} right SEC(".maps");

struct iov_iter {
	const void *iov;
} __attribute__((preserve_access_index));

struct unfit {
	int a;
};

extern _Bool CONFIG_OSMIA_TEST __kconfig;
extern int LINUX_OSMIA __kconfig;
extern struct unfit CONFIG_OSMIA_UNFIT __kconfig;
extern void present_kfunc(void) __ksym;
extern void plain_function(void) __ksym;

SEC("tc") int strong_option(struct __sk_buff *skb)
{
	return CONFIG_OSMIA_TEST;
}

SEC("tc") int strange_option(struct __sk_buff *skb)
{
	return LINUX_OSMIA;
}

SEC("tc") int unfit_option(struct __sk_buff *skb)
{
	return CONFIG_OSMIA_UNFIT.a;
}

SEC("raw_tp/sched_switch") long decided(struct iov_iter *iter)
{
	return CONFIG_OSMIA_TEST ? (long)iter->iov : 0;
}

SEC("tc") int marked(struct __sk_buff *skb)
{
	present_kfunc();
	return 0;
}

SEC("tc") int unmarked(struct __sk_buff *skb)
{
	plain_function();
	return 0;
}

volatile short narrow;

SEC("tc") long extended(struct __sk_buff *skb)
{
	return narrow;
}

SEC("struct_ops/lonely") int lonely(void *ctx)
{
	return 0;
}

SEC("kprobe.multi/nosuch_*") int no_function(void *ctx)
{
	return 0;
}

SEC("ksyscall/nosuch") int no_call(void *ctx)
{
	return 0;
}

SEC("ksyscall/close") int call(void *ctx)
{
	return 0;
}
