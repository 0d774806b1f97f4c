// A program with a function that others replace and watch.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u64 seen;

__noinline int answer(struct __sk_buff *skb)
{
	volatile int one = 1;

	return one;
}

SEC("?socket") int asks(struct __sk_buff *skb)
{
	return answer(skb);
}

SEC("?freplace/answer") int replacement(struct __sk_buff *skb)
{
	return 42;
}

// For the first function, whatever its name is.
SEC("?freplace") int whole(struct __sk_buff *skb)
{
	return 43;
}

SEC("?fexit/answer") int BPF_PROG(watches, struct __sk_buff *skb, int ret)
{
	seen = ret;
	return 0;
}
