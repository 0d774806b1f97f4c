// Programs that submit events to ring buffers when they are run by hand.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	__u64 number;
	__u32 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	// Rounded up to a power of two of pages.
	__uint(max_entries, 5000);
} others SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} flood SEC(".maps");

// Numbers start again on each CPU.
__u64 numbers[64];
__u64 flood_sent;
__u64 flood_dropped;

__u64 number;
__u64 dropped;
__u64 queried[4];

static __attribute__((always_inline)) int submit(void *ring, int discard)
{
	struct event *event = bpf_ringbuf_reserve(ring, sizeof(*event), 0);

	if (!event) {
		dropped++;
		return 0;
	}
	event->number = ++number;
	event->mark = 0x600d;
	if (discard)
		bpf_ringbuf_discard(event, 0);
	else
		bpf_ringbuf_submit(event, 0);
	return 1;
}

SEC("socket")
int produce(struct __sk_buff *skb)
{
	return submit(&events, 0);
}

SEC("socket")
int produce_other(struct __sk_buff *skb)
{
	return submit(&others, 0);
}

SEC("socket")
int discard(struct __sk_buff *skb)
{
	return submit(&events, 1);
}

SEC("socket")
int produce_bytes(struct __sk_buff *skb)
{
	char bytes[3] = { 'a', 'b', 'c' };

	return bpf_ringbuf_output(&others, bytes, sizeof(bytes), 0);
}

SEC("socket")
int query(struct __sk_buff *skb)
{
	queried[0] = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	queried[1] = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
	queried[2] = bpf_ringbuf_query(&events, BPF_RB_CONS_POS);
	queried[3] = bpf_ringbuf_query(&events, BPF_RB_PROD_POS);
	return 0;
}

SEC("socket")
int produce_flood(struct __sk_buff *skb)
{
	struct event *event = bpf_ringbuf_reserve(&flood, sizeof(*event), 0);
	__u32 cpu = bpf_get_smp_processor_id();

	__sync_fetch_and_add(&flood_sent, 1);
	if (!event) {
		__sync_fetch_and_add(&flood_dropped, 1);
		return 0;
	}
	event->number = ++numbers[cpu & 63];
	event->mark = cpu;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
