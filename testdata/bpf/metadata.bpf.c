// A program whose author wrote something down in it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile const char bpf_metadata_author[] = "osmia";
volatile const int bpf_metadata_revision = 3;

SEC("socket")
int with_metadata(struct __sk_buff *skb)
{
	return bpf_metadata_revision + bpf_metadata_author[skb->len & 1];
}
