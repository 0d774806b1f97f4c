/* How long a function takes, or what is between two marks: a histogram. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* When the calls that are not over began, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} begun SEC(".maps");

/* Calls by the number of bits of the microseconds that they took, of each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 40);
	__type(key, __u32);
	__type(value, __u64);
} histogram SEC(".maps");

/* Calls for which there was no room. */
__u64 lost;

SEC("uprobe")
int enter(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	if (bpf_map_update_elem(&begun, &thread, &now, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("uretprobe")
int leave(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), *start, *count, took;
	__u32 bits = 0;

	start = bpf_map_lookup_elem(&begun, &thread);
	if (!start)
		return 0;
	took = (bpf_ktime_get_ns() - *start) / 1000;
	bpf_map_delete_elem(&begun, &thread);
	for (int i = 0; i < 39 && took; i++) {
		took >>= 1;
		bits++;
	}
	count = bpf_map_lookup_elem(&histogram, &bits);
	if (count)
		++*count;
	return 0;
}
