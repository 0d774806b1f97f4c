// Every way of writing a map down.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// Headers before libbpf 1.4 do not have it.
#ifndef __ulong
#define __ulong(name, val) enum { ___osmia_unique(name) = val } name
#define ___osmia_unique(name) ___osmia_paste(name, __COUNTER__)
#define ___osmia_paste(name, count) ___osmia_paste2(name, count)
#define ___osmia_paste2(name, count) osmia_##name##_##count
#endif

char LICENSE[] SEC("license") = "GPL";

struct key {
	__u8 a;
	__u32 b;
};

struct value {
	__u16 a;
	__u64 b;
	char c[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
	__type(key, struct key);
	__type(value, struct value);
} typed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 24);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 7);
	__uint(key_size, sizeof(struct key));
	__type(key, struct key);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pinned SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 10);
	__uint(map_extra, 3);
	__type(value, __u32);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__ulong(map_extra, 0x100000000);
} extra SEC(".maps");

typedef struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, __u64);
} queue_t;

queue_t named SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { &inner_one, (void *)0, &inner_two },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 5);
		__type(key, __u16);
		__type(value, __u8);
	});
} template SEC(".maps");

int tail_one(void *ctx);
int tail_two(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, int (void *));
} tails SEC(".maps") = {
	.values = { [1] = (void *)&tail_two, [2] = (void *)&tail_one },
};

struct {
	__uint(type, 12345);
	__uint(max_entries, 1);
	__uint(pinning, 100);
	__uint(colour, 7);
} strange SEC(".maps");

static struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 9);
	__type(value, __u32);
} hidden SEC(".maps");

SEC("socket")
int tail_one(void *ctx)
{
	__u32 zero = 0;
	bpf_map_pop_elem(&hidden, &zero);
	return zero;
}

SEC("socket")
int tail_two(void *ctx)
{
	struct key key = {};
	struct value *value = bpf_map_lookup_elem(&typed, &key);
	__u64 number = 0;

	bpf_map_push_elem(&named, &number, 0);
	bpf_tail_call(ctx, &tails, 1);
	return value ? value->a : 0;
}
