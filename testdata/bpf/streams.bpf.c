// A program that prints to its streams. The kernel's function has had two names, and two
// prototypes under the first of them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_stream_vprintk(int stream, const char *format, const void *args, __u32 len) __weak
	__ksym;
extern int bpf_stream_vprintk___aux(int stream, const char *format, const void *args, __u32 len,
				    void *aux) __weak __ksym;
extern int bpf_stream_vprintk_impl(int stream, const char *format, const void *args, __u32 len,
				   void *aux) __weak __ksym;

__u64 number;

static __always_inline int print(int stream)
{
	static const char format[] = "number %llu\n";
	__u64 args[] = { ++number };

	if (bpf_stream_vprintk)
		return bpf_stream_vprintk(stream, format, args, sizeof(args));
	else if (bpf_stream_vprintk___aux)
		return bpf_stream_vprintk___aux(stream, format, args, sizeof(args), 0);
	else if (bpf_stream_vprintk_impl)
		return bpf_stream_vprintk_impl(stream, format, args, sizeof(args), 0);
	return -1;
}

SEC("syscall")
int to_stdout(void *ctx)
{
	return print(1);
}

SEC("syscall")
int to_stderr(void *ctx)
{
	return print(2);
}
