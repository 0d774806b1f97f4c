// What the files that are linked to one object share.
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define noinline __attribute__((noinline))

struct count {
	__u64 packets;
	__u32 last;
};

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));
