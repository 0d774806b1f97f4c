/* Tells of each program that is executed. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

/* A program that was executed. */
struct event {
	__u64 when;      /* nanoseconds since boot */
	__u32 pid;
	__u32 parent;
	char comm[16];
	char file[64];
};

/* The events; their type is told to readers by this member of the map. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
	__type(value, struct event);
} events SEC(".maps");

/* Events for which there was no room. */
__u64 lost;

SEC("tp_btf/sched_process_exec")
int on_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct linux_binprm *binprm = (void *)ctx[2];
	struct event *event;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	event->when = bpf_ktime_get_ns();
	event->pid = BPF_CORE_READ(task, tgid);
	event->parent = BPF_CORE_READ(task, real_parent, tgid);
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), BPF_CORE_READ(binprm, filename));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
