// Maps whose slots, and tables whose members, hold what another file defines.
// fixture: -DOPS
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

extern const void bpf_prog_put __ksym __weak;

extern int second(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} numbers SEC(".maps");

extern struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [1] = &inner },
};

SEC("tc")
int first(struct __sk_buff *skb)
{
	return 100;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = {
	.values = { [1] = (void *)&first, [2] = (void *)&second },
};

struct sum {
	__u32 of;
};

static long each(struct bpf_map *map, const void *key, void *value, struct sum *sum)
{
	sum->of += *(__u32 *)value + 1;
	return 0;
}

SEC("tc")
int sums(struct __sk_buff *skb)
{
	struct sum sum = { .of = &bpf_prog_put ? 1000 : 0 };

	bpf_for_each_map_elem(&numbers, each, &sum, 0);
	return sum.of;
}

SEC("tc")
int jumps_far(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 2);
	return -1;
}

SEC("tc")
int looks_up(struct __sk_buff *skb)
{
	__u32 key = 1, zero = 0, *value;
	void *map = bpf_map_lookup_elem(&outer, &key);

	if (!map)
		return -1;
	value = bpf_map_lookup_elem(map, &zero);
	if (value)
		*value += 5;
	return value ? *value : -2;
}

#ifdef OPS
struct sock;

extern void ops_init(struct sock *sk);

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	char name[16];
};

SEC(".struct_ops")
struct tcp_congestion_ops slots_ops = {
	.init = (void *)ops_init,
	.name = "osmia_slots",
};
#endif
