// Programs that write events to perf event arrays when they are run by hand.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

// 40 bytes in a ring, with what the kernel puts in front: some are broken at the end of a page.
struct event {
	__u64 number;
	__u64 check;
	__u32 cpu;
	__u32 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 1);
} narrow SEC(".maps");

// Numbers start again on each CPU.
__u64 numbers[64];
__u64 sent;
__u64 dropped;
__s64 answer;

SEC("socket")
int produce(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct event event = { .cpu = cpu, .mark = 0x600d };
	__s64 done;

	event.number = ++numbers[cpu & 63];
	event.check = ~event.number;
	done = bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	__sync_fetch_and_add(&sent, 1);
	if (done)
		__sync_fetch_and_add(&dropped, 1);
	answer = done;
	return 0;
}

SEC("socket")
int produce_bytes(struct __sk_buff *skb)
{
	char bytes[3] = { 'a', 'b', 'c' };

	return bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, bytes, sizeof(bytes));
}
