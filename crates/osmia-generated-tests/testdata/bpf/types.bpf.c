// Every sort of type that C gives members, keys, values, variables and events.
#include <linux/types.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum kind { KIND_EXEC = 1, KIND_EXIT, KIND_LAST = KIND_EXIT };
enum signed_kind { BEHIND = -1, LEVEL, AHEAD };
enum small { SMALL_A, SMALL_B = 200 } __attribute__((packed));
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0x1234567890ULL };

typedef __u32 pid_number;
typedef struct {
	__u16 port;
	__u8 address[4];
} endpoint_t;

struct inner {
	__u8 tag;
	__u64 stamp;
};

struct scalars {
	char letter;
	signed char tiny;
	unsigned char byte;
	_Bool yes;
	short s;
	unsigned short us;
	int i;
	unsigned int u;
	long l;
	unsigned long ul;
	float f;
	double d;
	__int128 big;
	unsigned __int128 ubig;
	pid_number pid;
	enum kind kind;
	enum signed_kind signed_kind;
	enum small small;
	enum wide wide;
};

struct arrays {
	char comm[16];
	char names[3][8];
	__u32 grid[2][3][4];
	struct inner inners[2];
	_Bool flags[5];
	enum kind kinds[2];
	__u8 long_one[100];
};

struct pointers {
	void *anything;
	struct task_struct *task;
	struct inner *inner;
	const char *text;
	int (*callback)(int);
	__u32 **deep;
	struct { int x; } *anonymous;
};

struct bits {
	__u32 a : 3;
	__u32 b : 5;
	__s32 c : 7;
	_Bool d : 1;
	enum kind e : 4;
	__u8 plain;
	__u64 wide : 40;
	__u32 : 0;
	__u16 last : 16;
};

struct bits_short {
	__u32 a : 3;
	__u8 b;
};

struct nested {
	struct {
		__u16 x;
		__u16 y;
	} point;
	union {
		__u32 v4;
		__u8 v6[16];
		struct {
			__u64 high;
			__u64 low;
		};
	};
	struct {
		__u8 first;
		union {
			__u16 second;
			char third[2];
		};
		__u32 flag : 1;
	};
	union {
		float real;
		__u32 bits : 9;
	} number;
	endpoint_t endpoint;
};

struct packed {
	__u8 a;
	__u32 b;
	struct inner c;
	char name[5];
	union {
		__u64 big;
		__u16 small;
	};
} __attribute__((packed));

struct aligned {
	__u32 a;
	__u8 b __attribute__((aligned(16)));
} __attribute__((aligned(64)));

struct flexible {
	__u64 stamp;
	__u32 len;
	__u16 data[];
};

struct empty {};

struct keywords {
	int type;
	int self;
	int super;
	int fn;
	int match;
	int gen;
	char mod[4];
	int move : 3;
};

/* Names of Rust's prelude. */
enum some { SOME_NO, SOME_YES };
enum ok { OK_NO, OK_YES };
struct vec {
	__u64 at;
	float by;
};
struct option {
	enum some some;
	enum ok ok;
	struct vec vec;
	__u32 len;
	__u8 tail[];
};

struct opaque {
	__u64 : 64;
	__u64 : 64;
} __attribute__((aligned(8)));

#define LAYOUT(name, ...) \
	const volatile __u32 layout_##name[] = { sizeof(struct name), _Alignof(struct name), __VA_ARGS__ }
#define AT(name, member) offsetof(struct name, member)

LAYOUT(scalars, AT(scalars, letter), AT(scalars, s), AT(scalars, d), AT(scalars, big), AT(scalars, wide));
LAYOUT(arrays, AT(arrays, comm), AT(arrays, names), AT(arrays, grid), AT(arrays, inners), AT(arrays, long_one));
LAYOUT(pointers, AT(pointers, deep));
LAYOUT(bits, AT(bits, plain));
LAYOUT(bits_short, AT(bits_short, b));
LAYOUT(nested, AT(nested, point), AT(nested, number), AT(nested, endpoint));
LAYOUT(packed, AT(packed, a), AT(packed, b), AT(packed, c), AT(packed, name));
LAYOUT(aligned, AT(aligned, a), AT(aligned, b));
LAYOUT(flexible, AT(flexible, stamp), AT(flexible, len), AT(flexible, data));
LAYOUT(empty);
LAYOUT(keywords, AT(keywords, type), AT(keywords, mod));
LAYOUT(option, AT(option, vec), AT(option, tail));
LAYOUT(opaque);

struct scalars scalars = {
	.letter = 'x', .tiny = -1, .byte = 255, .yes = 1, .s = -2, .us = 3, .i = -4, .u = 5, .l = -6, .ul = 7,
	.f = 1.5, .d = -2.5, .big = -8, .ubig = 9, .pid = 10, .kind = KIND_EXIT, .signed_kind = BEHIND,
	.small = SMALL_B, .wide = WIDE_HIGH,
};
struct arrays arrays = {
	.comm = "cargo", .names = { "one", "two", "seven11" }, .grid = { [1][2][3] = 123 }, .inners = { [1].stamp = 9 },
	.flags = { 0, 1 }, .kinds = { KIND_EXEC, KIND_EXIT }, .long_one = { [99] = 7 },
};
struct pointers pointers;
struct bits bits = { .a = 5, .b = 17, .c = -3, .d = 1, .e = KIND_EXIT, .plain = 6, .wide = 0x123456789a, .last = 0xbeef };
struct bits_short bits_short = { .a = 6, .b = 7 };
struct nested nested = {
	.point = { 1, 2 }, .high = 3, .low = 4, .first = 5, .second = 0x4241, .flag = 1, .number.real = 0.5,
	.endpoint = { 443, { 10, 0, 0, 1 } },
};
struct packed packed = { .a = 1, .b = 2, .c = { 3, 4 }, .name = "five", .big = 6 };
struct aligned aligned = { 1, 2 };
struct flexible flexible = { 1, 2 };
struct empty empty;
struct keywords keywords = { 1, 2, 3, 4, 5, 6, "abc", -1 };
struct option option = { SOME_YES, OK_NO, { 1, 0.5 }, 2 };
struct opaque opaque;

struct { int x; endpoint_t to; } unnamed = { 7 };
int type = 12;
char *text_pointer;
static __u64 counter = 3;
char title[] = "title";
float ratio = 0.25;
const volatile enum kind chosen = KIND_EXEC;
_Bool armed = 1;
char huge[16 << 20];

/* What the kernel looks after in the values of maps. */
struct held {
	struct bpf_spin_lock lock;
	struct bpf_timer timer;
	struct task_struct __attribute__((btf_type_tag("kptr"))) *task;
	__u32 größe;
};

struct event { __u32 pid; char comm[16]; };
struct asked { __u8 a; };
const struct asked *unused_asked __attribute__((unused));

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, struct inner); __type(value, struct { int sum; }); } loop SEC(".maps");

struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, struct held); } holding SEC(".maps");

SEC("socket") int match(struct __sk_buff *skb)
{
	counter++;
	return counter + (long)bpf_map_lookup_elem(&loop, &nested);
}

char _license[] SEC("license") = "GPL";
