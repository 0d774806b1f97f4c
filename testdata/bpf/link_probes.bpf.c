// Programs for functions of the kernel and of other programs: each counts how often it runs.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile const __u32 only_tgid = 0;
__u64 by_kprobe, by_kretprobe, by_ksyscall, by_multi, by_session, by_uprobe, by_uretprobe;
__u64 by_uprobe_multi, by_uprobe_session, by_fentry, by_fexit, by_fmod_ret, by_lsm, cookie;
__u64 by_fentry_multi, by_fexit_multi, cookies;

#define COUNT(name)                                                  \
	do {                                                         \
		if (bpf_get_current_pid_tgid() >> 32 == only_tgid)   \
			__sync_fetch_and_add(&name, 1);              \
	} while (0)

#define COUNTER(section, function, name) \
	SEC(section) int function(void *ctx) { COUNT(name); return 0; }

COUNTER("kprobe/do_sys_openat2", on_kprobe, by_kprobe)
COUNTER("kretprobe/do_sys_openat2", on_kretprobe, by_kretprobe)
COUNTER("ksyscall/getpgid", on_ksyscall, by_ksyscall)
COUNTER("?kprobe.multi/do_sys_open*", on_multi, by_multi)
COUNTER("?kprobe.session/do_sys_open*", on_session, by_session)
COUNTER("uprobe", on_uprobe, by_uprobe)
COUNTER("uretprobe", on_uretprobe, by_uretprobe)
COUNTER("?uprobe.multi", on_uprobe_multi, by_uprobe_multi)
COUNTER("?uprobe.session", on_uprobe_session, by_uprobe_session)
COUNTER("?fentry/do_sys_openat2", on_fentry, by_fentry)
COUNTER("?fexit/do_sys_openat2", on_fexit, by_fexit)
COUNTER("?fmod_ret/security_file_open", on_fmod_ret, by_fmod_ret)
COUNTER("?lsm/file_open", on_lsm, by_lsm)

COUNTER("?fexit.multi/do_sys_open*", on_fexit_multi, by_fexit_multi)

SEC("?fentry.multi/do_sys_open*")
int on_fentry_multi(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == only_tgid) {
		__sync_fetch_and_add(&by_fentry_multi, 1);
		__sync_fetch_and_add(&cookies, bpf_get_attach_cookie(ctx));
	}
	return 0;
}

SEC("?kprobe")
int with_cookie(struct pt_regs *ctx)
{
	cookie = bpf_get_attach_cookie(ctx);
	return 0;
}

SEC("?fentry/do_sys_openat2")
int fentry_with_cookie(void *ctx)
{
	cookie = bpf_get_attach_cookie(ctx);
	return 0;
}

SEC("?raw_tp/sys_enter")
int raw_with_cookie(struct bpf_raw_tracepoint_args *ctx)
{
	cookie = bpf_get_attach_cookie(ctx);
	return 0;
}
