// The kernel's configuration as a program sees it, in every type that can hold it.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;

extern bool CONFIG_BPF_SYSCALL __kconfig;
extern enum libbpf_tristate CONFIG_IPV6 __kconfig;
extern char CONFIG_NET __kconfig;
extern short CONFIG_HZ __kconfig;
extern unsigned long CONFIG_ILLEGAL_POINTER_VALUE __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig;
extern bool CONFIG_BPF_UNPRIV_DEFAULT_OFF __kconfig __weak;
extern int CONFIG_NO_SUCH_OPTION __kconfig __weak;

unsigned int version;
bool has_bpf_cookie;
bool has_syscall_wrapper;
bool bpf_syscall;
enum libbpf_tristate ipv6;
char net;
short hz;
unsigned long illegal_pointer;
char hostname[16];
bool unpriv_off;
int no_such_option = -1;

SEC("socket")
int copies(struct __sk_buff *skb)
{
	version = LINUX_KERNEL_VERSION;
	has_bpf_cookie = LINUX_HAS_BPF_COOKIE;
	has_syscall_wrapper = LINUX_HAS_SYSCALL_WRAPPER;
	bpf_syscall = CONFIG_BPF_SYSCALL;
	ipv6 = CONFIG_IPV6;
	net = CONFIG_NET;
	hz = CONFIG_HZ;
	illegal_pointer = CONFIG_ILLEGAL_POINTER_VALUE;
	__builtin_memcpy(hostname, CONFIG_DEFAULT_HOSTNAME, sizeof(hostname));
	unpriv_off = CONFIG_BPF_UNPRIV_DEFAULT_OFF;
	no_such_option = CONFIG_NO_SUCH_OPTION;
	return 0;
}

// Only this one needs an option that no kernel has.
extern int CONFIG_OSMIA_HAS_NO_SUCH_OPTION __kconfig;

SEC("?socket")
int needs_what_no_kernel_has(struct __sk_buff *skb)
{
	return CONFIG_OSMIA_HAS_NO_SUCH_OPTION;
}
