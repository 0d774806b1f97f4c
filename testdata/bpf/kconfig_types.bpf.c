// Externs of the configuration that no value goes into.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum other { ONE };
struct pair { int a, b; };

extern enum other CONFIG_A __kconfig;
extern struct pair CONFIG_B __kconfig;
extern int CONFIG_C[2] __kconfig;
extern char CONFIG_D[5000] __kconfig;
extern char *CONFIG_E __kconfig;
extern int LINUX_HAS_WINGS __kconfig;

SEC("socket")
int uses(struct __sk_buff *skb)
{
	return CONFIG_A + CONFIG_B.a + CONFIG_C[1] + CONFIG_D[skb->len & 7] + (CONFIG_E != 0) +
	       LINUX_HAS_WINGS;
}
