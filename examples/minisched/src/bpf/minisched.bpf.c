/* A scheduler: all tasks stand in one queue, and each CPU takes the first. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* The queue's number, which is ours to choose. */
#define QUEUE 1

/* As much of the kernel's structs as is used; where the members are is found at load. */
struct task_struct {
	int tgid;
	char comm[16];
} __attribute__((preserve_access_index));

enum scx_exit_kind___any {
	NOT_SAID,
};

struct scx_exit_info {
	enum scx_exit_kind___any kind;
} __attribute__((preserve_access_index));

struct sched_ext_ops {
	void (*enqueue)(struct task_struct *task, __u64 flags);
	void (*dispatch)(__s32 cpu, struct task_struct *prev);
	void (*running)(struct task_struct *task);
	void (*stopping)(struct task_struct *task, bool runnable);
	__s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	__u32 timeout_ms;
	char name[128];
};

__s32 scx_bpf_create_dsq(__u64 queue, __s32 node) __ksym;
void scx_bpf_dsq_insert(struct task_struct *task, __u64 queue, __u64 slice, __u64 flags) __ksym;
bool scx_bpf_dsq_move_to_local(__u64 queue) __ksym;

/* For how long a task may run before the next has its turn. */
volatile const __u64 slice_ns = 5000000;

/* What a process's threads had. */
struct share {
	__u64 turns;
	__u64 nanoseconds;
	char comm[16];
};

/* By process. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct share);
} shares SEC(".maps");

/* When the task began that runs on each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} since SEC(".maps");

/* Why the scheduler was ended, once it was. */
__u32 exit_kind;

SEC("struct_ops.s/init")
__s32 BPF_PROG(on_init)
{
	return scx_bpf_create_dsq(QUEUE, -1);
}

SEC("struct_ops/enqueue")
void BPF_PROG(on_enqueue, struct task_struct *task, __u64 flags)
{
	scx_bpf_dsq_insert(task, QUEUE, slice_ns, flags);
}

SEC("struct_ops/dispatch")
void BPF_PROG(on_dispatch, __s32 cpu, struct task_struct *prev)
{
	scx_bpf_dsq_move_to_local(QUEUE);
}

SEC("struct_ops/running")
void BPF_PROG(on_running, struct task_struct *task)
{
	__u32 zero = 0;
	__u64 *start = bpf_map_lookup_elem(&since, &zero);

	if (start)
		*start = bpf_ktime_get_ns();
}

SEC("struct_ops/stopping")
void BPF_PROG(on_stopping, struct task_struct *task, bool runnable)
{
	struct share new = {}, *share;
	__u32 zero = 0, pid = task->tgid;
	__u64 *start = bpf_map_lookup_elem(&since, &zero);

	if (!start || !*start)
		return;
	share = bpf_map_lookup_elem(&shares, &pid);
	if (!share) {
		__builtin_memcpy(new.comm, task->comm, sizeof(new.comm));
		bpf_map_update_elem(&shares, &pid, &new, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &pid);
		if (!share)
			return;
	}
	__sync_fetch_and_add(&share->turns, 1);
	__sync_fetch_and_add(&share->nanoseconds, bpf_ktime_get_ns() - *start);
	*start = 0;
}

SEC("struct_ops/exit")
void BPF_PROG(on_end, struct scx_exit_info *info)
{
	exit_kind = info->kind;
}

SEC(".struct_ops.link")
struct sched_ext_ops minisched = {
	.init = (void *)on_init,
	.enqueue = (void *)on_enqueue,
	.dispatch = (void *)on_dispatch,
	.running = (void *)on_running,
	.stopping = (void *)on_stopping,
	.exit = (void *)on_end,
	/* If a task that could run has not run for so long, the kernel takes over. */
	.timeout_ms = 10000,
	.name = "osmia_minisched",
};
