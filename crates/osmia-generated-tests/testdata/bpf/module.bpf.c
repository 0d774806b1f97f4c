/* What a module offers beside types: programs, maps, variables, the kernel's configuration, documentation. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* What a key means:
 *  - `pid`[0] is a <b>process</b>;
 *      indented();
 * ```
 * #[no_mangle] fn not_code() {}
 */
struct key {
	__u32 pid; /* of the */ /* process */
	__u8 flags : 4; // 3 is "all"
	__u8 way; /* \ */
};

/* How a call went. */
enum outcome {
	OUTCOME_GOOD, /* it returned 0 */
	OUTCOME_BAD = 7,
};

/* Counts by key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct key);
	__type(value, __u64);
} counts SEC(".maps");

/* Set before loading. */
volatile const __u32 const_u32 = 50;
/* Counts up. */
volatile __u16 global_u16;
static volatile enum outcome last = OUTCOME_BAD; /* the last one */
char title[16] SEC(".data.named") = "before";
/* Placed by its section. */
volatile const struct key chosen SEC(".rodata.cfg") = { .pid = 3 };

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern int CONFIG_OSMIA_IS_UNKNOWN __kconfig __weak;
extern int CONFIG_OSMIA_IS_NOT_READ __kconfig;

/* Returns const_u32. */
SEC("socket")
int const_example(struct __sk_buff *skb)
{
	return const_u32;
}

SEC("socket")
int counting(struct __sk_buff *skb)
{
	struct key key = { .pid = chosen.pid, .flags = 3, .way = 9 };
	__u64 version = LINUX_KERNEL_VERSION + CONFIG_BPF_SYSCALL + CONFIG_OSMIA_IS_UNKNOWN;

	global_u16++;
	last = OUTCOME_GOOD;
	title[0] = 'B';
	bpf_map_update_elem(&counts, &key, &version, BPF_ANY);
	return 0;
}

SEC("?socket")
int unread(struct __sk_buff *skb)
{
	return CONFIG_OSMIA_IS_NOT_READ;
}

char _license[] SEC("license") = "GPL";
