// Reads of the kernel's structs by CO-RE.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

// As much of the struct as is read; where the members are is for the kernel to say.
struct task_struct {
	int pid;
	int tgid;
	int no_such_member;
} __attribute__((preserve_access_index));

struct task_struct___flavour {
	int tgid;
} __attribute__((preserve_access_index));

__u32 read_tgid, read_pid, flavoured, exists, missing;

SEC("raw_tp/sys_enter")
int reads(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___flavour *other = (void *)task;

	read_tgid = BPF_CORE_READ(task, tgid);
	read_pid = BPF_CORE_READ(task, pid);
	flavoured = BPF_CORE_READ(other, tgid);
	exists = bpf_core_field_exists(task->tgid) + 10 * bpf_core_field_exists(task->no_such_member);
	// The dead branch is never verified.
	if (bpf_core_field_exists(task->no_such_member))
		missing = BPF_CORE_READ(task, no_such_member);
	else
		missing = 1;
	return 0;
}

SEC("?raw_tp/sys_enter")
int reads_missing(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	missing = BPF_CORE_READ(task, no_such_member);
	return 0;
}
