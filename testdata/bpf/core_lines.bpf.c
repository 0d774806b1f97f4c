// Reads of members that kernels may lack, each on a line of its own among others.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct iov_iter {
	long count;
	const void *iov;
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	int gone;
};

#pragma clang attribute pop

SEC("raw_tp/sys_enter")
int reads(void *ctx)
{
	struct iov_iter *iter = ctx;
	long count = BPF_CORE_READ(iter, count);
	long iov = (long)BPF_CORE_READ(iter, iov);

	return count > 5 ? iov : 0;
}

SEC("raw_tp/sys_enter")
int chained(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int sum = BPF_CORE_READ(task, pid);

	sum += BPF_CORE_READ(task, real_parent, gone);
	sum += BPF_CORE_READ(task, tgid);
	return sum;
}

SEC("raw_tp/sys_enter")
int direct(struct task_struct *task)
{
	int sum = task->pid;

	sum += task->gone;
	sum += task->tgid;
	return sum;
}

SEC("raw_tp/sys_enter")
int size(void *ctx)
{
	int sum = bpf_core_field_exists(struct iov_iter, count);

	sum += bpf_core_field_size(struct iov_iter, iov);
	return sum;
}
