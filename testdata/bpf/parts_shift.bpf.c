// Code that stands in front of others' when it is linked with them.
// fixture: clang-22 v4
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

static noinline __u64 front(__u64 number)
{
	barrier_var(number);
	return number + 1;
}

SEC("syscall")
int in_front(__u64 *number)
{
	return front(*number);
}
