// A map of each type that other sources have none of.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// The headers of older systems do not know it.
#define CGRP_STORAGE 32

char LICENSE[] SEC("license") = "GPL";

struct locked {
	struct bpf_spin_lock lock;
	__u32 one;
	__u64 two;
};

#define MAP(name, map_type, key_type, value_type, entries, flags)                                  \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, entries);                                                      \
		__uint(map_flags, flags);                                                          \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

MAP(locks, BPF_MAP_TYPE_HASH, __u32, struct locked, 4, 0);
MAP(devices, BPF_MAP_TYPE_DEVMAP, __u32, __u32, 4, 0);
MAP(devices_hash, BPF_MAP_TYPE_DEVMAP_HASH, __u32, __u32, 4, 0);
MAP(cpus, BPF_MAP_TYPE_CPUMAP, __u32, __u32, 4, 0);
MAP(xsks, BPF_MAP_TYPE_XSKMAP, __u32, __u32, 4, 0);
MAP(sockets_hash, BPF_MAP_TYPE_SOCKHASH, __u32, __u32, 4, 0);
MAP(reuseport, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, __u32, __u64, 4, 0);
MAP(groups, BPF_MAP_TYPE_CGROUP_ARRAY, __u32, __u32, 4, 0);
MAP(of_sockets, BPF_MAP_TYPE_SK_STORAGE, int, __u64, 0, BPF_F_NO_PREALLOC);
MAP(of_inodes, BPF_MAP_TYPE_INODE_STORAGE, int, __u64, 0, BPF_F_NO_PREALLOC);
MAP(of_tasks, BPF_MAP_TYPE_TASK_STORAGE, int, __u64, 0, BPF_F_NO_PREALLOC);
MAP(of_cgroups, CGRP_STORAGE, int, __u64, 0, BPF_F_NO_PREALLOC);

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} of_attachments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 4);
	__type(value, __u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
	__type(value, __u64);
} bloom SEC(".maps");

// Not a power of two.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 12288);
} ring SEC(".maps");
