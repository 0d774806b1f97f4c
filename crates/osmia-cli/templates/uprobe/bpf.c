/* Counts by program how often a function of a library is called. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* A program, by the first 15 characters of its name. */
struct program {
	char comm[16];
};

/* How often each program has called the function. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct program);
	__type(value, __u64);
} calls SEC(".maps");

/* The section names no function: main.rs does. */
SEC("uprobe")
int on_call(void *ctx)
{
	struct program program = {};
	__u64 one = 1, *count;

	bpf_get_current_comm(program.comm, sizeof(program.comm));
	count = bpf_map_lookup_elem(&calls, &program);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&calls, &program, &one, BPF_NOEXIST);
	return 0;
}
