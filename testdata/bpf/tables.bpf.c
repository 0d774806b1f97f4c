// Maps for `osmia map`: types as they come in objects, and a program that sends events.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

enum mode { QUIET, LOUD = 5 };

struct who {
	int pid;
	char comm[8];
};

struct what {
	unsigned long long count;
	long long delta;
	enum mode mode;
	unsigned short ports[2];
	struct who last;
};

struct bits {
	unsigned int low : 3;
	unsigned int high : 7;
	void *at;
	union {
		int number;
		float real;
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct who);
	__type(value, struct what);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct bits);
} odd SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__type(key, int);
		__type(value, long);
	});
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

int level = 3;
enum mode mode = LOUD;
struct who owner = { 7, "me" };
unsigned int runs;
const volatile char greeting[6] = "hi";

SEC("socket")
int emit(struct __sk_buff *skb)
{
	struct who key = { .pid = 1, .comm = "emit" };
	unsigned int zero = 0;
	struct who *event;

	runs++;
	bpf_map_lookup_elem(&seen, &key);
	bpf_map_lookup_elem(&odd, &zero);
	bpf_map_lookup_elem(&counts, &zero);
	bpf_map_lookup_elem(&outer, &zero);
	event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (event) {
		*event = owner;
		bpf_ringbuf_submit(event, 0);
	}
	bpf_perf_event_output(skb, &perf, BPF_F_CURRENT_CPU, &key, sizeof(key));
	bpf_tail_call(skb, &jumps, 1);
	return level + mode + greeting[runs & 3];
}
