// CO-RE relocations of every kind: each program asks one question of the kernel that core_kernel.bpf.c stands for.
// fixture: clang-14 le
// fixture: clang-16 le
// fixture: clang-19 le
// fixture: le
// fixture: be
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define ASK(name, answer) \
	SEC("raw_tp/" #name) long name(struct thing *t) { return (long)(answer); }
#define ASK_OF(name, type, answer) \
	SEC("raw_tp/" #name) long name(type *t) { return (long)(answer); }

enum mode { MODE_OFF = 1, MODE_ON = 7 };
enum sign { SIGN_MINUS = -5, SIGN_PLUS = 5 };
enum wide { WIDE_ONE = 1, WIDE_HIGH = 0x700000000ULL };
enum mode_of_old___v2 { MODE_OF_OLD___v2 = 3 };
enum gone_mode { GONE_ONE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inner {
	int a;
	int b;
};

struct thing {
	int first;
	unsigned int count;
	int level;
	struct inner in;
	struct {
		int deep;
		int deeper;
	};
	struct inner *ptr;
	int arr[8];
	struct inner elems[4];
	unsigned int bits : 5;
	int sbits : 7;
	enum mode mode;
	short grid[3][4];
	int gone;
	int renamed;
	int retyped;
	int nested;
	struct inner tail[];
};

// Flavours of the kernel's struct thing, and names that are none.
struct thing___new {
	int __renamed;
};
struct thing__new {
	int first;
};
struct absent {
	int x;
};
struct thign {
	int x;
};
struct united {
	int x;
};

// Two kernel types have this name.
struct twin {
	int same;
	int differs;
	int only;
};
struct twin___one {
	int only;
	int differs;
};

struct matched {
	int a;
	struct inner *p;
	enum mode m;
};
struct matched___more {
	int a;
	int surplus;
};
struct matched___wider {
	long a;
};
struct matched___unsigned {
	unsigned int a;
};

union choice {
	int i;
	long l;
};

#pragma clang attribute pop

typedef int (*callback_t)(struct inner *, int);
typedef struct {
	int x;
} __attribute__((preserve_access_index)) named_t;
typedef int number_t;
typedef int list_t[4];

// Loads and stores.
ASK(load_first, t->first)
ASK(load_count, t->count)
ASK(load_level, t->level)
ASK(load_ptr, t->ptr)
ASK(load_nested, t->nested)
SEC("raw_tp/store_count") long store_count(struct thing *t)
{
	t->count = 3;
	return 0;
}

// Offsets.
ASK(off_first, bpf_core_field_offset(t->first))
ASK(off_in_b, bpf_core_field_offset(t->in.b))
ASK(off_deep, bpf_core_field_offset(t->deep))
ASK(off_deeper, bpf_core_field_offset(t->deeper))
ASK(off_arr_3, bpf_core_field_offset(t->arr[3]))
ASK(off_arr_6, bpf_core_field_offset(t->arr[6]))
ASK(off_elems_2_a, bpf_core_field_offset(t->elems[2].a))
ASK(off_grid_1_2, bpf_core_field_offset(t->grid[1][2]))
ASK(off_grid_2, bpf_core_field_offset(t->grid[2]))
ASK(off_second, bpf_core_field_offset(t[2].level))
ASK(off_tail_5_b, bpf_core_field_offset(t->tail[5].b))
ASK(off_gone, bpf_core_field_offset(t->gone))
ASK(off_renamed, bpf_core_field_offset(t->renamed))
ASK(off_retyped, bpf_core_field_offset(t->retyped))
ASK_OF(off_flavour, struct thing___new, bpf_core_field_offset(t->__renamed))
ASK_OF(off_no_flavour, struct thing__new, bpf_core_field_offset(t->first))
ASK_OF(off_absent, struct absent, bpf_core_field_offset(t->x))
ASK_OF(off_misspelt, struct thign, bpf_core_field_offset(t->x))
ASK_OF(off_other_kind, struct united, bpf_core_field_offset(t->x))
ASK_OF(off_typedef, named_t, bpf_core_field_offset(t->x))
ASK_OF(off_union, union choice, bpf_core_field_offset(t->l))

// Sizes, signs, bitfields, existence.
ASK(size_first, bpf_core_field_size(t->first))
ASK(size_count, bpf_core_field_size(t->count))
ASK(size_arr, bpf_core_field_size(t->arr))
ASK(size_grid_1, bpf_core_field_size(t->grid[1]))
ASK(size_gone, bpf_core_field_size(t->gone))
ASK(exists_first, bpf_core_field_exists(t->first))
ASK(exists_gone, bpf_core_field_exists(t->gone))
ASK(exists_retyped, bpf_core_field_exists(t->retyped))
ASK_OF(exists_absent, struct absent, bpf_core_field_exists(t->x))
ASK(signed_level, __builtin_preserve_field_info(t->level, BPF_FIELD_SIGNED))
ASK(signed_count, __builtin_preserve_field_info(t->count, BPF_FIELD_SIGNED))
ASK(signed_mode, __builtin_preserve_field_info(t->mode, BPF_FIELD_SIGNED))
ASK(bits_off, __builtin_preserve_field_info(t->bits, BPF_FIELD_BYTE_OFFSET))
ASK(bits_size, __builtin_preserve_field_info(t->bits, BPF_FIELD_BYTE_SIZE))
ASK(bits_left, __builtin_preserve_field_info(t->bits, BPF_FIELD_LSHIFT_U64))
ASK(bits_right, __builtin_preserve_field_info(t->bits, BPF_FIELD_RSHIFT_U64))
ASK(bits_signed, __builtin_preserve_field_info(t->bits, BPF_FIELD_SIGNED))
ASK(sbits_left, __builtin_preserve_field_info(t->sbits, BPF_FIELD_LSHIFT_U64))
ASK(sbits_right, __builtin_preserve_field_info(t->sbits, BPF_FIELD_RSHIFT_U64))
ASK(sbits_signed, __builtin_preserve_field_info(t->sbits, BPF_FIELD_SIGNED))
ASK(level_left, __builtin_preserve_field_info(t->level, BPF_FIELD_LSHIFT_U64))
ASK(level_right, __builtin_preserve_field_info(t->level, BPF_FIELD_RSHIFT_U64))

// Types.
ASK(id_local, bpf_core_type_id_local(struct thing))
ASK(id_local_anonymous, __builtin_btf_type_id(*(struct { int anonymous; } *)t, BPF_TYPE_ID_LOCAL))
ASK(id_target, bpf_core_type_id_kernel(struct thing))
ASK(id_target_absent, bpf_core_type_id_kernel(struct absent))
ASK(type_exists, bpf_core_type_exists(struct thing))
ASK(type_exists_flavour, bpf_core_type_exists(struct thing___new))
ASK(type_exists_absent, bpf_core_type_exists(struct absent))
ASK(type_exists_other_kind, bpf_core_type_exists(struct united))
ASK(type_exists_enum, bpf_core_type_exists(enum mode))
ASK(type_exists_callback, bpf_core_type_exists(callback_t))
ASK(type_exists_number, bpf_core_type_exists(number_t))
ASK(type_exists_list, bpf_core_type_exists(list_t))
ASK(type_size, bpf_core_type_size(struct inner))
ASK(type_size_absent, bpf_core_type_size(struct absent))

// Enumerators.
ASK(value_off, bpf_core_enum_value(enum mode, MODE_OFF))
ASK(value_minus, bpf_core_enum_value(enum sign, SIGN_MINUS))
ASK(value_one, bpf_core_enum_value(enum wide, WIDE_ONE))
ASK(value_high, bpf_core_enum_value(enum wide, WIDE_HIGH))
ASK(value_on, bpf_core_enum_value(enum mode, MODE_ON))
ASK(value_flavour, bpf_core_enum_value(enum mode_of_old___v2, MODE_OF_OLD___v2))
ASK(value_gone_enum, bpf_core_enum_value(enum gone_mode, GONE_ONE))
ASK(value_exists, bpf_core_enum_value_exists(enum mode, MODE_OFF))
ASK(value_exists_gone, bpf_core_enum_value_exists(enum mode, MODE_ON))

#if __clang_major__ >= 16
ASK(matches, bpf_core_type_matches(struct matched))
ASK(matches_more, bpf_core_type_matches(struct matched___more))
ASK(matches_wider, bpf_core_type_matches(struct matched___wider))
ASK(matches_unsigned, bpf_core_type_matches(struct matched___unsigned))
ASK(matches_enum, bpf_core_type_matches(enum mode))
ASK(matches_callback, bpf_core_type_matches(callback_t))
ASK(matches_absent, bpf_core_type_matches(struct absent))
#endif

// Two types of one name: what agrees, what does not, and what only one of them has. The order counts.
ASK_OF(twin_same, struct twin, bpf_core_field_offset(t->same))
ASK_OF(twin_differs, struct twin, bpf_core_field_offset(t->differs))
ASK_OF(twin_one_only, struct twin___one, bpf_core_field_offset(t->only))
ASK_OF(twin_one_differs, struct twin___one, bpf_core_field_offset(t->differs))
