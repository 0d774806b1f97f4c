#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;

/* A connection was begun. */
struct event {
	__u32 pid;
	__s32 ret; /* 0, or an error number below it */
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
	__type(value, struct event);
} events SEC(".maps");

__u64 begun;

SEC("fentry/tcp_connect")
int BPF_PROG(on_begin, struct sock *sk)
{
	__sync_fetch_and_add(&begun, 1);
	return 0;
}

SEC("fexit/tcp_connect")
int BPF_PROG(on_end, struct sock *sk, int ret)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->ret = ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
