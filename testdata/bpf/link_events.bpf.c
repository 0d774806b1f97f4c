// Programs for perf events, and iterators.
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 by_event, cookie;

SEC("perf_event")
int on_event(struct bpf_perf_event_data *ctx)
{
	__sync_fetch_and_add(&by_event, 1);
	return 0;
}

SEC("?perf_event")
int on_event_with_cookie(struct bpf_perf_event_data *ctx)
{
	cookie = bpf_get_attach_cookie(ctx);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u32 ids[2];

	if (!task)
		return 0;
	ids[0] = task->tgid;
	ids[1] = task->pid;
	bpf_seq_write(ctx->meta->seq, ids, sizeof(ids));
	return 0;
}

SEC("iter/bpf_map_elem")
int on_element(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;

	if (!value)
		return 0;
	bpf_seq_write(ctx->meta->seq, value, sizeof(*value));
	return 0;
}
