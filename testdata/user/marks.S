// A program with marks (USDT) and nothing else, for x86-64 and arm64. It comes by all of them once for each byte that it reads, and
// answers each with the count of users of `osmia:kinds`, as one byte.

// A mark: the place is an instruction that does nothing, and a note tells the rest.
	.macro mark name, semaphore, arguments:vararg
.Lmark\@:
	nop
	.pushsection .note.stapsdt, "", "note"
	.balign 4
	.4byte .Lowner_end\@ - .Lowner\@, .Lbody_end\@ - .Lbody\@, 3
.Lowner\@:
	.asciz "stapsdt"
.Lowner_end\@:
	.balign 4
.Lbody\@:
	.8byte .Lmark\@, _.stapsdt.base, \semaphore
	.asciz "osmia", "\name", \arguments
.Lbody_end\@:
	.balign 4
	.popsection
	.endm

	.section .stapsdt.base, "aG", "progbits", .stapsdt.base, comdat
	.weak _.stapsdt.base
	.hidden _.stapsdt.base
_.stapsdt.base:
	.space 1
	.size _.stapsdt.base, 1

	.section .probes, "aw", "progbits"
	.balign 2
users:
	.2byte 0

	.data
	.balign 8
list:
	.8byte 11, 22, 33, 44
small:
	.byte 0x80, 0xff
	.2byte 0xfffe
	.4byte 0xfffffffd
byte:
	.byte 0

	.text
	.globl _start
_start:
	// One byte; the end of the input is the end.
#if defined(__x86_64__)
	xor %eax, %eax
	xor %edi, %edi
	lea byte(%rip), %rsi
	mov $1, %edx
	syscall
	cmp $1, %rax
	jne 2f

	movabs $0x1122334455667788, %rdi
	mov $-7, %esi
	mov $0x1234fffe, %r8d
	mov $0xab80, %eax
	lea small(%rip), %rbx
	mark kinds, users, "-4@$-9 8@%rdi -4@%esi 4@%esi -2@%r8w 1@%al -1@%al 1@%ah -1@(%rbx) 2@2(%rbx) -4@4(%rbx)"
	mark plain, 0, ""
	mark twice, 0, "8@$1"
	mov $2, %r12d
	mark twice, 0, "8@%r12"
	lea list(%rip), %rbx
	mov $2, %r13d
	mark list, 0, "8@8(%rbx,%r13,8)"
	mark strange, 0, "8@%rdi 8f@%xmm0"

	mov $1, %eax
	mov $1, %edi
	lea users(%rip), %rsi
	mov $1, %edx
	syscall
	jmp _start
2:
	mov $60, %eax
	xor %edi, %edi
	syscall
#elif defined(__aarch64__)
	mov x0, #0
	adrp x1, byte
	add x1, x1, :lo12:byte
	mov x2, #1
	mov x8, #63
	svc #0
	cmp x0, #1
	b.ne 2f

	mov x9, #0x7788
	movk x9, #0x5566, lsl #16
	movk x9, #0x3344, lsl #32
	movk x9, #0x1122, lsl #48
	mov w10, #-7
	mov w11, #0xfffe
	movk w11, #0x1234, lsl #16
	mov w12, #0xab80
	mov w13, #0xab
	adrp x14, small
	add x14, x14, :lo12:small
	mark kinds, users, "-4@-9 8@x9 -4@w10 4@x10 -2@w11 1@w12 -1@x12 1@x13 -1@[x14] 2@[x14, 2] -4@[x14, #4]"
	mark plain, 0, ""
	mark twice, 0, "8@1"
	mov x15, #2
	mark twice, 0, "8@x15"
	adrp x14, list
	add x14, x14, :lo12:list
	mark list, 0, "8@[x14, 24]"
	mark strange, 0, "8@x9 8f@d0"

	mov x0, #1
	adrp x1, users
	add x1, x1, :lo12:users
	mov x2, #1
	mov x8, #64
	svc #0
	b _start
2:
	mov x0, #0
	mov x8, #93
	svc #0
#else
#error "it is written for x86-64 and arm64"
#endif
	.section .note.GNU-stack, "", "progbits"
