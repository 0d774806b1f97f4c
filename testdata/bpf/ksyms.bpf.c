// Variables and functions of the kernel, there or not.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct rq;

extern const void schedule __ksym;
extern const void osmia_no_such_symbol __ksym __weak;
extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym;
extern const int osmia_no_such_variable __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_rcu_read_lock___flavour(void) __ksym __weak;
extern int osmia_no_such_function(int a) __ksym __weak;
// The kernel's takes nothing.
extern void bpf_rcu_read_unlock___wrong(int a) __ksym __weak;

__u64 schedule_address;
__u64 absent_address = 1;
__u64 runqueues_address;
int prog_active = -1;
bool has_absent_variable = true;
bool has_absent_function = true;
bool has_wrong_function = true;
bool has_flavour;

SEC("?socket")
int addresses(struct __sk_buff *skb)
{
	schedule_address = (__u64)&schedule;
	absent_address = (__u64)&osmia_no_such_symbol;
	return 0;
}

SEC("?tc")
int typed(struct __sk_buff *skb)
{
	int *active = bpf_this_cpu_ptr(&bpf_prog_active);

	prog_active = *active;
	runqueues_address = (__u64)bpf_this_cpu_ptr(&runqueues);
	has_absent_variable = &osmia_no_such_variable != 0;
	return 0;
}

SEC("?tc")
int calls(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	if (osmia_no_such_function)
		has_absent_function = osmia_no_such_function(7);
	else
		has_absent_function = false;
	bpf_rcu_read_unlock();
	if (bpf_rcu_read_unlock___wrong)
		bpf_rcu_read_unlock___wrong(1);
	else
		has_wrong_function = false;
	if (bpf_rcu_read_lock___flavour) {
		bpf_rcu_read_lock___flavour();
		bpf_rcu_read_unlock();
		has_flavour = true;
	}
	return 0;
}

// It calls without asking.
SEC("?tc")
int unguarded(struct __sk_buff *skb)
{
	return osmia_no_such_function(7);
}
