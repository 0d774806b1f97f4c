// Entries of programs that are no plain global functions. TEXT leaves only code that no section makes a program of.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifndef TEXT

// Kept though nobody calls it: it is what the section is for.
SEC("xdp") __attribute__((used))
static int alone(struct xdp_md *ctx)
{
	return XDP_PASS;
}

// Called from the same section, and so no program.
SEC("socket") __attribute__((noinline))
static int helps(struct __sk_buff *skb)
{
	barrier_var(skb);
	return skb->len;
}

SEC("socket")
int entry(struct __sk_buff *skb)
{
	return helps(skb) + 1;
}

#else

__attribute__((noinline)) int bare(struct __sk_buff *skb)
{
	return skb->len;
}

#endif
