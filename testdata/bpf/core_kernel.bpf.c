// The types of a kernel that core_program.bpf.c may meet: as it knows them, or with -DCHANGED as they became.
// fixture: le
// fixture: le -DCHANGED
// fixture: clang-16 le -DCHANGED
// fixture: clang-19 le -DCHANGED
// fixture: be -DCHANGED
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef CHANGED

enum mode { MODE_OFF = 1, MODE_ON = 7 };
enum sign { SIGN_MINUS = -5, SIGN_PLUS = 5 };
enum wide { WIDE_ONE = 1, WIDE_HIGH = 0x700000000ULL };
enum mode_of_old { MODE_OF_OLD = 3 };

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

#else

enum mode { MODE_ELSE = 0, MODE_OFF = 11 };
enum sign { SIGN_MINUS = -9, SIGN_PLUS = 5 };
enum wide { WIDE_HIGH = 0x1500000000ULL, WIDE_ONE = -1 };
enum mode_of_old { MODE_OF_OLD = 8 };

struct inner {
	int pad;
	int b;
	int a;
};

struct thing {
	long before;
	int first;
	unsigned long count;
	long level;
	union {
		long other;
		struct {
			char fill[12];
			struct inner in;
		};
	};
	int deep;
	struct {
		char gap[8];
		struct {
			int deeper;
		};
	};
	struct inner *ptr;
	int arr[4];
	struct inner elems[8];
	unsigned int lead : 30;
	unsigned int bits : 9;
	unsigned int sbits : 3;
	enum mode mode;
	short grid[3][6];
	int __renamed;
	struct inner retyped;
	struct {
		int nested;
	} moved;
	struct inner tail[];
};

#endif

union united {
	int x;
};
typedef struct {
	long y;
	int x;
} named_t;
typedef int (*callback_t)(struct inner *, int);
typedef unsigned short number_t;
typedef int list_t[9];
union choice {
	int i;
	struct {
		int pad;
	};
	long l;
};

struct matched {
	long before;
	enum mode m;
	struct inner *p;
	int a;
};

struct twin {
	int same;
	int differs;
};
struct twin___2 {
	int same;
	int between;
	int differs;
	int only;
};

struct thing *thing;
enum sign sign;
enum wide wide;
enum mode_of_old mode_of_old;
union united united;
named_t named;
callback_t callback;
number_t number;
list_t list;
union choice choice;
struct matched matched;
struct twin twin;
struct twin___2 twin_2;
struct thing a_thing;
