// SPDX-License-Identifier: MIT OR Apache-2.0
// Jumps through registers. Compilers make jump tables since clang 22; for older ones the first programs are written by
// hand, as that compiler would put them.
//
// fixture: clang-19 v4
// fixture: clang-22 v4 -DCOMPILED
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct choice {
	__u64 number;
};

#ifdef COMPILED

/* Too long for a chain of comparisons. */
static __attribute__((noinline)) __u64 worth(__u64 number)
{
	switch (number) {
	case 0: return 17 + (bpf_get_smp_processor_id() & 0);
	case 1: return 5 + (bpf_ktime_get_ns() & 0);
	case 2: return 99;
	case 3: return 1000 + (bpf_get_prandom_u32() & 0);
	case 4: return 6;
	case 5: return 70;
	case 6: return 31 + (bpf_get_smp_processor_id() & 0);
	case 7: return 12;
	case 8: return 600;
	case 9: return 41 + (bpf_ktime_get_ns() & 0);
	case 10: return 2;
	case 11: return 77;
	case 12: return 45;
	case 13: return 9 + (bpf_get_prandom_u32() & 0);
	case 14: return 300;
	case 15: return 8;
	default: return 4;
	}
}

SEC("syscall")
int before(struct choice *choice)
{
	return choice->number + 1;
}

SEC("syscall")
int chooses(struct choice *choice)
{
	return worth(choice->number);
}

/* The same function at another distance from the program's start. */
SEC("syscall")
int chooses_twice(struct choice *choice)
{
	__u64 first = worth(choice->number);

	return first + worth(choice->number + 1);
}

SEC("syscall")
int computed(struct choice *choice)
{
	const void *const places[] = { &&one, &&two, &&three };
	__u64 number = choice->number;

	if (number > 2)
		return -1;
	goto *places[number];
one:
	return 11 + (bpf_get_prandom_u32() & 0);
two:
	return 22 + (bpf_ktime_get_ns() & 0);
three:
	return 33;
}

#else

/* `gotox r1`, which older assemblers do not know. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define GOTOX_R1 ".8byte 0x0d10000000000000;"
#else
#define GOTOX_R1 ".8byte 0x000000000000010d;"
#endif

SEC("syscall")
int before(struct choice *choice)
{
	return choice->number + 1;
}

SEC("syscall") __attribute__((naked))
int chooses(struct choice *choice)
{
	asm volatile(
	"r1 = *(u64 *)(r1 + 0);"
	"if r1 > 2 goto 4f;"
	"r1 <<= 3;"
	"r2 = table ll;"
	"r2 += r1;"
	"r1 = *(u64 *)(r2 + 0);"
	GOTOX_R1
	"1: r0 = 17; exit;"
	"2: r0 = 5; exit;"
	"3: r0 = 99; exit;"
	"4: r0 = 4; exit;"
	".pushsection .jumptables, \"\", @progbits;"
	".globl table;"
	".type table, @object;"
	".size table, 24;"
	"table: .8byte 1b - before; .8byte 2b - before; .8byte 3b - before;"
	".popsection;"
	::: );
}

#endif
