// Global variables of every kind and in every section.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
__u32 VERSION SEC("version") = 0x50607;

enum colour { RED = 1, GREEN = -2 };
enum size { SMALL, LARGE = 70000 };

struct point {
	__s32 x, y;
	__u64 weight;
};

volatile const __u32 const_u32 = 50;
volatile const __s8 const_s8 = -5;
volatile const bool flag = true;
volatile const enum colour colour = GREEN;
volatile const enum size size = LARGE;
volatile const char greeting[16] = "hello";
volatile const struct point origin = { 1, -2, 3 };
volatile const float ratio = 0.5f;
volatile const __u32 ports[4] = { 80, 443 };
volatile const __u64 configured SEC(".rodata.cfg") = 77;

__u16 global_u16;
__u64 big[1000];
__u32 counted = 9;
struct point moved = { 4, 5, 6 };
__u64 own SEC(".data.own") = 11;
__u32 cold SEC(".bss.cold");

static __u32 quiet = 8;
static volatile __u32 silent;
__hidden __u32 veiled = 3;

// A pointer to a variable, which only a linker could fill in.
void *const address SEC(".data.pointers") = &counted;

static __attribute__((noinline)) __u32 one(void)
{
	static volatile __u32 calls;

	return ++calls;
}

static __attribute__((noinline)) __u32 two(void)
{
	static volatile __u32 calls = 100;

	return ++calls;
}

SEC("socket")
int uses(struct __sk_buff *skb)
{
	__u32 at = skb->len & 3;

	barrier_var(at);
	global_u16++;
	big[at * 100]++;
	counted += const_u32 + const_s8 + flag + colour + size + greeting[at];
	moved.x += origin.x + origin.y + ports[at];
	moved.weight += origin.weight + configured;
	own += cold++;
	quiet += one() + two() + silent++;
	veiled++;
	return counted + quiet + (address != 0);
}

SEC("socket")
int const_example(struct __sk_buff *skb)
{
	return const_u32;
}
