/* Tells which files are opened, and by whom. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* A file is opened. */
struct event {
	__u32 pid;
	char comm[16];
	char file[128];
};

/* The files that are opened. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
	__type(value, struct event);
} events SEC(".maps");

/* Events for which there was no room. */
__u64 lost;

/* As /sys/kernel/tracing/events/syscalls/sys_enter_openat/format has it. */
struct sys_enter {
	__u64 common;
	long number;
	unsigned long args[6];
};

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(struct sys_enter *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	event->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->file, sizeof(event->file), (void *)ctx->args[1]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
