// A member that kernels renamed: read as if it were there, read after asking, and through a flavour that is none.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

// Linux up to 6.3.
struct iov_iter {
	long count;
	const void *iov;
};
// Linux since 6.4.
struct iov_iter___new {
	const void *__iov;
};
struct iov_iter__new {
	const void *__iov;
};
struct task_struct {
	int pid;
};

#pragma clang attribute pop

SEC("raw_tp/unguarded") long unguarded(struct iov_iter *iter)
{
	return (long)iter->iov;
}

SEC("raw_tp/guarded") long guarded(struct iov_iter *iter)
{
	if (bpf_core_field_exists(iter->iov))
		return (long)BPF_CORE_READ(iter, iov);
	return (long)BPF_CORE_READ((struct iov_iter___new *)iter, __iov);
}

SEC("raw_tp/two_underscores") long two_underscores(struct iov_iter__new *iter)
{
	return (long)iter->__iov;
}

SEC("raw_tp/pid") long pid(struct task_struct *task)
{
	return task->pid;
}
