// A program that throws, and the function that catches.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern void bpf_throw(__u64 cookie) __ksym;

__noinline int caught(__u64 cookie)
{
	return cookie + 1;
}

SEC("tc") __attribute__((btf_decl_tag("exception_callback:caught"))) int throws(struct __sk_buff *skb)
{
	bpf_throw(41);
	return 0;
}

SEC("tc") int throws_uncaught(struct __sk_buff *skb)
{
	bpf_throw(7);
	return 0;
}
