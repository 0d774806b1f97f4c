// What compilers take and kernels do not: definitions that are none, addresses in data, an empty struct, letters that
// kernels have no names of.
// fixture: -DMAPS
// fixture: clang-19
// fixture: clang-19 -DMAPS
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifdef MAPS
struct undeclared;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 8);
	__type(key, __u32);
	__type(value, __u64);
} conflicting SEC(".maps");

struct {
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} typeless SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct undeclared);
} opaque SEC(".maps");

__u64 number SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(max_entries, 1);
	});
} outer SEC(".maps");
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} good SEC(".maps");

struct empty {};

struct empty nothing = {};
volatile int x1 = 3;
volatile int *px = &x1;
static volatile int x2 = 4;
static volatile int *volatile px2 = &x2;
const char *volatile words[2] = { "one", "two" };

struct flexible {
	int n;
	int d[];
};

volatile struct flexible vf = { 2, { 10, 20 } };

struct stra\u00dfe {
	int l\u00e4nge;
	int l\u00f6nge;
};

volatile int \u00fc = 7;
volatile int \u00f6 = 8;
volatile struct stra\u00dfe weg = { 1, 2 };

static int __attribute__((noinline)) one(int a)
{
	return a + 1;
}

int (*volatile table[1])(int) = { one };

SEC("socket")
int odd(void *ctx)
{
	__u32 key = 0;

	bpf_map_lookup_elem(&good, &key);
	return (px != 0) + (px2 != 0) + (words[1] != 0) + (table[0] != 0) + vf.d[1] + \u00fc + \u00f6 + weg.l\u00e4nge;
}

#ifdef MAPS
SEC("socket")
int uses(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&conflicting, &key) != 0;
}
#endif
