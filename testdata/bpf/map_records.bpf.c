// An iterator that writes a record for each map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct seq_file;

struct bpf_map {
	__u32 id;
	__u32 max_entries;
} __attribute__((preserve_access_index));

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
} __attribute__((preserve_access_index));

struct record {
	__u32 id;
	__u32 max_entries;
	__u64 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 12345);
	__type(key, __u32);
	__type(value, __u32);
} known SEC(".maps");

const volatile __u32 also_text;

SEC("iter/bpf_map")
int each_map(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct record record = { .mark = 0x600d };

	if (!map) {
		if (also_text)
			bpf_seq_write(ctx->meta->seq, "end", 3);
		return 0;
	}
	record.id = map->id;
	record.max_entries = map->max_entries;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
