/* Tells of each program that is executed, with its arguments, and of its end. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

/* As many bytes of arguments are told, a power of two. */
#define ARGS 4096

enum what {
	BEGINS,
	ENDS,
};

/* A program that begins or ends. */
struct event {
	__u64 took; /* nanoseconds, at its end; 0 if it was there before we came */
	enum what what;
	__u32 pid;
	__u32 parent;
	__u32 status; /* as wait(2) tells it, at its end */
	char comm[16];
	char args[]; /* at its beginning, each with a NUL behind it */
};

/* The events; their type is told to readers by this member of the map. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
	__type(value, struct event);
} events SEC(".maps");

/* An event with room for all arguments, in which it is made before it is known how long it gets. */
struct draft {
	struct event event;
	char args[ARGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct draft);
} drafts SEC(".maps");

/* When the programs that run began, by process. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} begun SEC(".maps");

/* Events for which there was no room. */
__u64 lost;

static struct draft *draft(enum what what, struct task_struct *task)
{
	__u32 zero = 0;
	struct draft *draft = bpf_map_lookup_elem(&drafts, &zero);

	if (!draft)
		return 0;
	draft->event.took = 0;
	draft->event.what = what;
	draft->event.pid = bpf_get_current_pid_tgid() >> 32;
	draft->event.parent = BPF_CORE_READ(task, real_parent, tgid);
	draft->event.status = 0;
	bpf_get_current_comm(draft->event.comm, sizeof(draft->event.comm));
	return draft;
}

static void tell(struct draft *draft, __u64 args)
{
	if (args > ARGS)
		args = ARGS;
	if (bpf_ringbuf_output(&events, draft, sizeof(draft->event) + args, 0))
		__sync_fetch_and_add(&lost, 1);
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct draft *new = draft(BEGINS, task);
	__u64 now = bpf_ktime_get_ns(), start, len;

	if (!new)
		return 0;
	bpf_map_update_elem(&begun, &new->event.pid, &now, BPF_ANY);
	start = BPF_CORE_READ(task, mm, arg_start);
	len = BPF_CORE_READ(task, mm, arg_end) - start;
	if (len > ARGS)
		len = ARGS;
	if (bpf_probe_read_user(new->args, len, (void *)start))
		len = 0;
	tell(new, len);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 both = bpf_get_current_pid_tgid(), *start;
	__u32 pid = both >> 32;
	struct draft *new;

	if (pid != (__u32)both) /* A thread ends, not the process. */
		return 0;
	new = draft(ENDS, task);
	if (!new)
		return 0;
	start = bpf_map_lookup_elem(&begun, &pid);
	if (start) {
		new->event.took = bpf_ktime_get_ns() - *start;
		bpf_map_delete_elem(&begun, &pid);
	}
	new->event.status = BPF_CORE_READ(task, exit_code);
	tell(new, 0);
	return 0;
}
