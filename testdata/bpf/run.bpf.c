// Programs for the command that runs programs: messages, events of known and unknown types, maps, variables.
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

enum mode { QUIET, LOUD = 7 };

struct limits {
	__u32 least;
	__s16 most[2];
};

struct event {
	__u32 pid;
	enum mode mode;
	char comm[16];
};

struct other {
	__u64 count;
};

// The only process that is told of.
volatile const __u32 only_pid;
volatile const enum mode mode = QUIET;
volatile const char greeting[16] = "hello";
volatile const struct limits limits = { 1, { 2, 3 } };
volatile const bool odd;

// Keeps the type of the events in `plain`.
const struct other *unused_other __attribute__((unused));

__u64 closes;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} typed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} plain SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct limits);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} per_cpu SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_close")
int on_close(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32, one = 1, *slot;
	struct limits now = limits;
	struct event *event;
	struct other other;

	if (!only_pid || pid != only_pid)
		return 0;
	__sync_fetch_and_add(&closes, 1);
	bpf_printk("%s from %d", (const char *)greeting, pid);
	event = bpf_ringbuf_reserve(&typed, sizeof(*event), 0);
	if (event) {
		event->pid = pid;
		event->mode = mode;
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		bpf_ringbuf_submit(event, 0);
	}
	other.count = closes;
	bpf_ringbuf_output(&plain, &other, sizeof(other), 0);
	if (odd)
		bpf_ringbuf_output(&plain, &other, sizeof(other) - 1, 0);
	bpf_map_update_elem(&seen, &pid, &now, BPF_ANY);
	slot = bpf_map_lookup_elem(&per_cpu, &one);
	if (slot)
		*slot += 1;
	return 0;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	bpf_printk("a packet of %d bytes", ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("tc")
int through(struct __sk_buff *skb)
{
	bpf_printk("%d bytes go through", skb->len);
	return 0;
}

SEC("cgroup_skb/egress")
int leaving(struct __sk_buff *skb)
{
	return 1;
}
