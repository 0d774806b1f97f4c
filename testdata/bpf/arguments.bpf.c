// Functions whose arguments say what they are, and helpers that older kernels have not.
// fixture: clang-19
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#endif
#ifndef __arg_nonnull
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif

char LICENSE[] SEC("license") = "GPL";

// The context of any type of program.
__weak __attribute__((noinline)) int any(void *ctx __arg_ctx, int n)
{
	asm volatile("" : "+r"(ctx));
	return n + 1;
}

__weak __attribute__((noinline)) int sum(int *one __arg_nonnull, int *two __arg_nonnull)
{
	return *one + *two;
}

SEC("socket")
int of_socket(void *ctx)
{
	return any(ctx, 1);
}

SEC("xdp")
int of_xdp(void *ctx)
{
	return any(ctx, 2);
}

SEC("tc")
int of_tc(void *ctx)
{
	return any(ctx, 3);
}

SEC("raw_tp/sys_enter")
int of_raw_tp(void *ctx)
{
	return any(ctx, 4);
}

SEC("perf_event")
int of_perf_event(void *ctx)
{
	return any(ctx, 5);
}

SEC("kprobe/do_nanosleep")
int of_kprobe(void *ctx)
{
	return any(ctx, 6);
}

SEC("?socket")
int nonnull(void *ctx)
{
	int one = 20, two = 22;

	return sum(&one, &two);
}

SEC("?tracepoint/syscalls/sys_enter_close")
int reads(void *ctx)
{
	char text[8] = {};
	long value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), ctx);
	bpf_probe_read_user(&value, sizeof(value), (void *)value);
	bpf_probe_read_kernel_str(text, sizeof(text), ctx);
	bpf_probe_read_user_str(text, sizeof(text), (void *)value);
	return 0;
}
