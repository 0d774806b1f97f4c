// Two ring buffers, and types that the compiler keeps or drops.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u32 pid;
	char comm[16];
};

struct kept {
	__u64 stamp;
};

struct dropped {
	__u64 stamp;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} first SEC(".maps");

#ifdef SECOND
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct kept);
} second SEC(".maps");
#endif

const struct event *unused_event __attribute__((unused));
const struct kept *unused_kept __attribute__((unused));

SEC("socket")
int send(struct __sk_buff *skb)
{
	struct dropped local = { 1 };

	bpf_ringbuf_output(&first, &local, sizeof(local), 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
