// Sections and relocations of every sort that an object has, to see what is left after stripping.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 limit = 50;
__u64 total;
static __u32 started = 7;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __noinline __u64 weigh(__u32 key)
{
	return key * started + limit;
}

struct bpf_map;

static long add(struct bpf_map *map, const void *key, void *value, void *context)
{
	total += *(__u64 *)value;
	return 0;
}

SEC("socket")
int weigh_all(struct __sk_buff *skb)
{
	__u32 key = skb->len;
	__u64 weight = weigh(key);

	started++;
	bpf_map_update_elem(&seen, &key, &weight, BPF_ANY);
	bpf_for_each_map_elem(&seen, add, 0, 0);
	return total;
}

char _license[] SEC("license") = "GPL";
