/* Forbids connections to a port, for all processes. */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET 2
#define EPERM 1

struct socket;
struct sockaddr;

/* The port; none is forbidden if it is 0. */
volatile const __u16 forbidden_port;
/* Connections that were refused. */
__u64 refused;

SEC("lsm/socket_connect")
int BPF_PROG(on_connect, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	struct sockaddr_in in = {};

	/* Another program has said no before. */
	if (ret)
		return ret;
	if (!forbidden_port || len < (int)sizeof(in))
		return 0;
	bpf_probe_read_kernel(&in, sizeof(in), address);
	if (in.sin_family != AF_INET || in.sin_port != bpf_htons(forbidden_port))
		return 0;
	__sync_fetch_and_add(&refused, 1);
	return -EPERM;
}
