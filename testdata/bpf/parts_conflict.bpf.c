// What does not fit to the other files that are linked to one object.
// fixture: -DTWICE
// fixture: -DPROTOTYPE
// fixture: -DMAP_TYPE
// fixture: -DMAP_VALUE
// fixture: -DMAP_FIELD
// fixture: -DVARIABLE
// fixture: -DKIND
// fixture: -DSTRUCT
// fixture: -DARRAY
// fixture: -DLICENSE_TEXT
// fixture: -DFITS
// fixture: -DCOMMON
// fixture: -DVERSION=1
// fixture: -DVERSION=2
#include "parts.h"

#ifdef LICENSE_TEXT
char LICENSE[] SEC("license") = "Dual MIT/GPL";
#else
char LICENSE[] SEC("license") = "GPL";
#endif

#ifdef VERSION
__u32 _version SEC("version") = VERSION;
#endif

#ifdef TWICE
noinline int scale(int x)
{
	barrier_var(x);
	return x;
}
#elif defined(PROTOTYPE)
extern int scale(int x, int y);
#define USE scale(1, 2)
#elif defined(KIND)
extern volatile int scale;
#define USE scale
#elif defined(VARIABLE)
extern volatile __u32 total;
#define USE total
#elif defined(STRUCT)
extern volatile struct count base;
#define USE base.last
#elif defined(ARRAY)
extern volatile __u32 base[3];
#define USE base[2]
#elif defined(FITS)
// Less than the definition says, and other qualifiers and signs.
extern const volatile int base;
struct bpf_map;
extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
} counts SEC(".maps");
__weak noinline int scale(const int y)
{
	int x = y;

	barrier_var(x);
	return x;
}
#define USE base + (bpf_map_lookup_elem(&counts, &(__u32){ 0 }) ? scale(5) : 0)
#elif defined(COMMON)
__u32 tentative __attribute__((common));
#define USE tentative
#endif

#if defined(MAP_TYPE) || defined(MAP_VALUE) || defined(MAP_FIELD)
extern struct {
#ifdef MAP_TYPE
	__uint(type, BPF_MAP_TYPE_HASH);
#else
	__uint(type, BPF_MAP_TYPE_ARRAY);
#endif
#ifdef MAP_VALUE
	__type(value, struct { int x; });
#endif
#ifdef MAP_FIELD
	__uint(map_flags, BPF_F_MMAPABLE);
#endif
} counts SEC(".maps");
#define USE bpf_map_lookup_elem(&counts, &(__u32){ 0 }) ? 1 : 2
#endif

#ifndef USE
#define USE 0
#endif

SEC("tc")
int conflicting(struct __sk_buff *skb)
{
	return USE;
}
