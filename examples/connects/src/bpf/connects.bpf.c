/* Tells of each TCP connection that is begun: who, where to, and what came of it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET6 10

/* A call of tcp_connect. */
struct connect {
	__u64 nanoseconds; /* that it took */
	__u32 pid;
	__s32 result;      /* 0, or an error below it */
	char comm[16];
	__u8 address[16];  /* as it goes over the wire; the first four bytes unless is_v6 */
	__u16 port;
	__u8 is_v6;
};

/* The calls; their type is told to readers by this member of the map. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
	__type(value, struct connect);
} connects SEC(".maps");

/* When the calls began that are not over, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} begun SEC(".maps");

/* Calls for which there was no room. */
__u64 lost;

SEC("fentry/tcp_connect")
int BPF_PROG(on_connect, struct sock *sk)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	bpf_map_update_elem(&begun, &thread, &now, BPF_ANY);
	return 0;
}

static void tell(struct sock *sk, int result, __u64 when)
{
	struct connect *connect;

	connect = bpf_ringbuf_reserve(&connects, sizeof(*connect), 0);
	if (!connect) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	connect->nanoseconds = bpf_ktime_get_ns() - when;
	connect->pid = bpf_get_current_pid_tgid() >> 32;
	connect->result = result;
	bpf_get_current_comm(connect->comm, sizeof(connect->comm));
	connect->is_v6 = sk->__sk_common.skc_family == AF_INET6;
	if (connect->is_v6)
		bpf_core_read(connect->address, 16, &sk->__sk_common.skc_v6_daddr);
	else
		bpf_core_read(connect->address, 4, &sk->__sk_common.skc_daddr);
	connect->port = bpf_ntohs(sk->__sk_common.skc_dport);
	bpf_ringbuf_submit(connect, 0);
}

SEC("fexit/tcp_connect")
int BPF_PROG(after_connect, struct sock *sk, int result)
{
	__u64 thread = bpf_get_current_pid_tgid(), *when;

	when = bpf_map_lookup_elem(&begun, &thread);
	if (!when) /* It was under way before we came. */
		return 0;
	tell(sk, result, *when);
	bpf_map_delete_elem(&begun, &thread);
	return 0;
}
