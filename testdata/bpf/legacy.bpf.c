// Maps as they were written before there was .maps.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct five {
	__u32 type, key_size, value_size, max_entries, map_flags;
};

struct seven {
	__u32 type, key_size, value_size, max_entries, map_flags, id, pinning;
};

struct nine {
	__u32 type, key_size, value_size, max_entries, map_flags, id, pinning, inner_id, inner_idx;
};

struct five plain SEC("maps") = { BPF_MAP_TYPE_HASH, 4, 8, 10, 1 };
struct five second SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 16, 1 };
struct seven shared SEC("maps/shared") = { BPF_MAP_TYPE_ARRAY, 4, 4, 2, 0, 7, 1 };
struct nine global SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 4, 3, 0, 1, 2, 9 };

SEC("socket")
int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&plain, &key);

	bpf_map_lookup_elem(&second, &key);
	bpf_map_lookup_elem(&shared, &key);
	bpf_map_lookup_elem(&global, &key);
	return value ? *value : 0;
}
