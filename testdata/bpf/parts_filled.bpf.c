// What fills the slots and members of another file.
// fixture: -DOPS
#include "parts.h"

char LICENSE[] SEC("license") = "GPL";

extern const void bpf_prog_put __ksym __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} others SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} inner SEC(".maps");

struct sum {
	__u32 of;
};

static long each(struct bpf_map *map, const void *key, void *value, struct sum *sum)
{
	sum->of += *(__u32 *)value + 10;
	return 0;
}

SEC("tc")
int second(struct __sk_buff *skb)
{
	struct sum sum = { .of = &bpf_prog_put ? 2000 : 0 };

	bpf_for_each_map_elem(&others, each, &sum, 0);
	return sum.of;
}

#ifdef OPS
struct sock;

SEC("struct_ops/ops_init")
void ops_init(struct sock *sk)
{
}
#endif
