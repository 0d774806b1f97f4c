// fixture: be
// The types of headers that know of arguments in lists, with bitfields between the older members.
enum __bpf_usdt_arg_type {
	BPF_USDT_ARG_CONST,
	BPF_USDT_ARG_REG,
	BPF_USDT_ARG_REG_DEREF,
	BPF_USDT_ARG_SIB,
};

struct __bpf_usdt_arg_spec {
	unsigned long long val_off;
	enum __bpf_usdt_arg_type arg_type : 8;
	unsigned short idx_reg_off : 12;
	unsigned short scale_bitshift : 4;
	unsigned char unused : 8;
	short reg_off;
	_Bool arg_signed;
	char arg_bitshift;
};

struct __bpf_usdt_spec {
	struct __bpf_usdt_arg_spec args[12];
	unsigned long long usdt_cookie;
	short arg_cnt;
};

// As C lays out what is expected of `-4@8(%rbp,%rax,8)` with the cookie 9.
struct __bpf_usdt_spec expected = {
	.args = { { .val_off = 8, .arg_type = BPF_USDT_ARG_SIB, .idx_reg_off = 80, .scale_bitshift = 3,
		    .reg_off = 32, .arg_signed = 1, .arg_bitshift = 32 } },
	.usdt_cookie = 9,
	.arg_cnt = 1,
};

__attribute__((section("socket"))) int program(void *ctx)
{
	return expected.arg_cnt;
}
