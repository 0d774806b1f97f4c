/* Counts system calls by process in a hash map, and the map's elements by a callback. */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* System calls by process id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/sys_enter")
int on_sys_enter(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1, *count;

	count = bpf_map_lookup_elem(&counts, &pid);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counts, &pid, &one, BPF_NOEXIST);
	return 0;
}

struct walk {
	__u64 seen;
};

/* Called for each element; 0 goes on, 1 would stop. */
static long each_element(void *map, __u32 *pid, __u64 *count, struct walk *walk)
{
	walk->seen++;
	return 0;
}

SEC("socket")
int count_elements(struct __sk_buff *skb)
{
	struct walk walk = {};

	bpf_for_each_map_elem(&counts, each_element, &walk, 0);
	return walk.seen;
}
