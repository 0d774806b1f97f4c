// A usual small object: a tracepoint program, constants, a hash, a ring buffer. What loading it takes is counted.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile const __u32 only_pid = 0;
volatile const __u64 least = 1;

struct event {
	__u64 count;
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1, *old;
	struct event *event;

	if (only_pid && pid != only_pid)
		return 0;
	old = bpf_map_lookup_elem(&seen, &pid);
	if (old)
		__sync_fetch_and_add(old, 1);
	else
		bpf_map_update_elem(&seen, &pid, &one, BPF_ANY);
	if (old && *old < least)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->pid = pid;
	event->count = old ? *old : 1;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
