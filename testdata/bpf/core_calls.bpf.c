// CO-RE in programs of several functions. KERNEL makes the types that they shall run with.
// fixture: clang-14
// fixture: clang-16
// fixture: clang-19
// fixture: be
// fixture: clang-14 -DKERNEL
// fixture: be -DKERNEL
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#ifdef KERNEL
struct animal {
	long padding[4];
	int legs;
	int __wings;
};
#else
struct animal {
	int legs;
	int wings;
};
#endif

#pragma clang attribute pop

enum sound {
	QUIET = 1,
#ifndef KERNEL
	LOUD = 2,
#endif
};

#ifdef KERNEL

SEC("socket")
int kernel(void *ctx)
{
	struct animal *animal = bpf_get_current_task_btf();
	enum sound sound = QUIET;

	barrier_var(sound);
	return animal->legs + sound;
}

#else

static __attribute__((noinline)) int legs(struct animal *animal)
{
	return animal->legs;
}

static __attribute__((noinline)) int wings(struct animal *animal)
{
	return animal->wings;
}

SEC("raw_tp/present")
int present(struct animal *animal)
{
	barrier_var(animal);
	return legs(animal);
}

SEC("raw_tp/absent")
int absent(struct animal *animal)
{
	barrier_var(animal);
	return legs(animal) + wings(animal);
}

SEC("raw_tp/guarded")
int guarded(struct animal *animal)
{
	if (bpf_core_field_exists(animal->wings))
		return wings(animal);
	return legs(animal);
}

SEC("raw_tp/number")
long number(struct animal *animal)
{
	return bpf_core_enum_value(enum sound, LOUD) + wings(animal);
}

#endif
