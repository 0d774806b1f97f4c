// Programs for marks (USDT): they keep what they are told of the last one.
// fixture: -DASK_BY_ADDRESS
// fixture: -DRAW_COOKIE
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifdef ASK_BY_ADDRESS
// As on kernels that have no cookies for attachments.
#undef __kconfig
#define __kconfig
#define LINUX_HAS_BPF_COOKIE has_no_cookies
const _Bool has_no_cookies = 0;
#endif
// Few, so that a test fills them.
#define BPF_USDT_MAX_SPEC_CNT 8
#include <bpf/usdt.bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 hits, hits_of_another;
long arguments[12];
long count, user_cookie, first, last_error;

SEC("usdt")
int on_mark(struct pt_regs *ctx)
{
	count = bpf_usdt_arg_cnt(ctx);
	user_cookie = bpf_usdt_cookie(ctx);
	for (int i = 0; i < 12; i++)
		last_error = bpf_usdt_arg(ctx, i, &arguments[i]);
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

SEC("usdt")
int BPF_USDT(on_another, long value)
{
	first = first * 10 + value;
	__sync_fetch_and_add(&hits_of_another, 1);
	return 0;
}

char imported[16];
long was_found;

// Of Python's interpreter.
SEC("usdt")
int BPF_USDT(on_import, const char *name, int found)
{
	bpf_probe_read_user_str(imported, sizeof(imported), name);
	was_found = found;
	return 0;
}

// Of no kind that one link attaches to many places.
SEC("uprobe")
int BPF_USDT(on_each, long value)
{
	first = first * 10 + value;
	__sync_fetch_and_add(&hits_of_another, 1);
	return 0;
}

// Its own place is told when it is loaded. It asks for nothing of the header.
SEC("?usdt/nowhere:osmia:plain")
int on_plain(struct pt_regs *ctx)
{
#ifdef RAW_COOKIE
	user_cookie = bpf_get_attach_cookie(ctx);
#endif
	__sync_fetch_and_add(&hits, 1);
	return 0;
}
