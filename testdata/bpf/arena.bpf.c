// Variables in an arena, which programs and users share.
// fixture: clang-19
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

char LICENSE[] SEC("license") = "GPL";

struct {
	// BPF_MAP_TYPE_ARENA
	__uint(type, 33);
	// BPF_F_MMAPABLE
	__uint(map_flags, 1 << 10);
	__uint(max_entries, 4);
} arena SEC(".maps");

__u64 __arena counter = 40;
__u32 __arena numbers[3] = { 1, 2, 3 };

SEC("syscall") int counts(void *ctx)
{
	counter += numbers[1];
	return 0;
}
