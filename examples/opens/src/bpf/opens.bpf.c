/* Tells of each file that is opened: by whom, its name, and what came of it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* A file that was opened, or was not. */
struct opened {
	__u32 pid;
	__s32 result; /* its descriptor, or an error below 0 */
	char comm[16];
	char file[128];
};

/* The files; their type is told to readers by this member of the map. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
	__type(value, struct opened);
} opened SEC(".maps");

/* The names that the calls have which are not over, by thread: where they are in its memory. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} begun SEC(".maps");

/* Files for which there was no room. */
__u64 lost;

SEC("kprobe/do_sys_openat2")
int BPF_KPROBE(on_open, int directory, const char *name)
{
	__u64 thread = bpf_get_current_pid_tgid(), where = (__u64)name;

	bpf_map_update_elem(&begun, &thread, &where, BPF_ANY);
	return 0;
}

static void tell(const char *name, long result)
{
	struct opened *file = bpf_ringbuf_reserve(&opened, sizeof(*file), 0);

	if (!file) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	file->pid = bpf_get_current_pid_tgid() >> 32;
	file->result = result;
	bpf_get_current_comm(file->comm, sizeof(file->comm));
	bpf_probe_read_user_str(file->file, sizeof(file->file), name);
	bpf_ringbuf_submit(file, 0);
}

SEC("kretprobe/do_sys_openat2")
int BPF_KRETPROBE(after_open, long result)
{
	__u64 thread = bpf_get_current_pid_tgid(), *where;

	where = bpf_map_lookup_elem(&begun, &thread);
	if (!where) /* It was under way before we came. */
		return 0;
	tell((const char *)*where, result);
	bpf_map_delete_elem(&begun, &thread);
	return 0;
}
