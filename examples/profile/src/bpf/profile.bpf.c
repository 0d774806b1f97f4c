/* Counts which stacks the CPUs are found in. */
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* Who ran, and where: numbers of stacks, or errors below 0. */
struct place {
	__u32 pid;
	__s32 kernel;
	__s32 user;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
	__uint(max_entries, 16384);
} stacks SEC(".maps");

/* How often each place was found. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct place);
	__type(value, __u64);
} counts SEC(".maps");

/* Samples for which there was no room. */
__u64 lost;

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct place place = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u64 one = 1, *count;

	/* The idle task. */
	if (!place.pid)
		return 0;
	bpf_get_current_comm(place.comm, sizeof(place.comm));
	place.kernel = bpf_get_stackid(ctx, &stacks, 0);
	place.user = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	count = bpf_map_lookup_elem(&counts, &place);
	if (count)
		__sync_fetch_and_add(count, 1);
	else if (bpf_map_update_elem(&counts, &place, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
