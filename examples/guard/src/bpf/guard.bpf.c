/* Refuses to remove files below one directory, and tells who tried. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define EPERM 1
/* So far up from a file the directory is looked for. */
#define DEPTH 64

/* The directory. */
volatile const __u64 inode_number = 0;
volatile const __u32 device_major = 0, device_minor = 0;

/* An attempt. */
struct attempt {
	__u32 pid;
	char comm[16];
	char name[64]; /* of the file, without its directories */
};

/* The attempts; their type is told to readers by this member of the map. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
	__type(value, struct attempt);
} attempts SEC(".maps");

/* Attempts for which there was no room. */
__u64 lost;

static int is_the_directory(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	return BPF_CORE_READ(inode, i_ino) == inode_number &&
	       device >> 20 == device_major && (device & 0xfffff) == device_minor;
}

static int is_below_the_directory(struct dentry *dentry)
{
	for (int up = 0; up < DEPTH; up++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (parent == dentry) /* the root of the file system */
			return 0;
		if (is_the_directory(parent))
			return 1;
		dentry = parent;
	}
	return 0;
}

static void tell(struct dentry *dentry)
{
	struct attempt *attempt = bpf_ringbuf_reserve(&attempts, sizeof(*attempt), 0);

	if (!attempt) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	attempt->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(attempt->comm, sizeof(attempt->comm));
	bpf_probe_read_kernel_str(attempt->name, sizeof(attempt->name),
				  BPF_CORE_READ(dentry, d_name.name));
	bpf_ringbuf_submit(attempt, 0);
}

SEC("lsm/inode_unlink")
int BPF_PROG(on_unlink, struct inode *directory, struct dentry *dentry, int before)
{
	if (before) /* Another program has refused already. */
		return before;
	if (!is_below_the_directory(dentry))
		return 0;
	tell(dentry);
	return -EPERM;
}
