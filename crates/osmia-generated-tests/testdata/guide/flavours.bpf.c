#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

/* Up to 6.3, and since: what is behind three underscores is no part of the name. */
struct iov_iter {
	const void *iov;
} __attribute__((preserve_access_index));
struct iov_iter___new {
	const void *__iov;
} __attribute__((preserve_access_index));

SEC("socket")
int which(struct __sk_buff *skb)
{
	if (bpf_core_field_exists(struct iov_iter, iov))
		return 1;
	return bpf_core_field_exists(struct iov_iter___new, __iov) ? 2 : 0;
}
