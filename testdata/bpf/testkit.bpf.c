// The smallest program there is, for the tests of the tests' own tools.
// fixture: clang-14
// fixture: clang-16 v2
// fixture: clang-19 v4
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef ANSWER
#define ANSWER 0
#endif

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("socket")
int answer(struct __sk_buff *skb)
{
	return ANSWER;
}
