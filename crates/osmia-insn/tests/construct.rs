//! Constructors and the assembler.

use osmia_insn::{
    AluOp, AssembleError, Assembler, AtomicOp, ByteOrder, Insn, JumpOp, Listing, Reg, Size,
};

const R0: Reg = Reg::R0;
const R1: Reg = Reg::R1;
const R2: Reg = Reg::R2;

#[test]
fn constructors_say_what_they_build() {
    let cases = [
        (Insn::alu64(AluOp::Add, R1, R2), "r1 += r2"),
        (Insn::alu32(AluOp::SMod, R1, -3), "w1 s%= -3"),
        (Insn::mov64(R1, R2), "r1 = r2"),
        (Insn::mov32(R1, 5), "w1 = 5"),
        (Insn::mov64_imm(R1, -5), "r1 = -5"),
        (Insn::mov64_reg(R1, R2), "r1 = r2"),
        (Insn::mov_sx64(R1, R2, Size::Word), "r1 = (s32)r2"),
        (Insn::mov_sx32(R1, R2, Size::Byte), "w1 = (s8)w2"),
        (Insn::neg64(R1), "r1 = -r1"),
        (Insn::neg32(R1), "w1 = -w1"),
        (Insn::endian(ByteOrder::ToBig, R1, Size::Half), "r1 = be16 r1"),
        (Insn::endian(ByteOrder::Swap, R1, Size::Word), "r1 = bswap32 r1"),
        (Insn::addr_space_cast(R1, R2, 0, 1), "r1 = addr_space_cast(r2, 0, 1)"),
        (Insn::ld_abs(Size::Half, 12), "r0 = *(u16 *)skb[12]"),
        (Insn::ld_ind(Size::Byte, R2, 12), "r0 = *(u8 *)skb[r2 + 12]"),
        (Insn::load(Size::Double, R1, Reg::FP, -8), "r1 = *(u64 *)(r10 -8)"),
        (Insn::load_sx(Size::Half, R1, R2, 2), "r1 = *(s16 *)(r2 +2)"),
        (Insn::store(Size::Word, Reg::FP, -4, 0), "*(u32 *)(r10 -4) = 0"),
        (Insn::store(Size::Word, Reg::FP, -4, R1), "*(u32 *)(r10 -4) = r1"),
        (Insn::atomic(AtomicOp::Add, Size::Double, R1, 8, R2), "lock *(u64 *)(r1 +8) += r2"),
        (
            Insn::atomic(AtomicOp::CmpXchg, Size::Word, R1, 8, R2),
            "r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)",
        ),
        (Insn::load_acquire(Size::Byte, R1, R2, 1), "r1 = load_acquire((u8 *)(r2 +1))"),
        (Insn::store_release(Size::Byte, R1, 1, R2), "store_release((u8 *)(r1 +1), r2)"),
        (Insn::goto(-1), "goto pc-1"),
        (Insn::gotol(100_000), "gotol pc+100000"),
        (Insn::gotox(R1), "gotox r1"),
        (Insn::may_goto(3), "may_goto pc+3"),
        (Insn::jump64(JumpOp::Set, R1, 1, 2), "if r1 & 0x1 goto pc+2"),
        (Insn::jump32(JumpOp::SLt, R1, R2, -1), "if w1 s< w2 goto pc-1"),
        (Insn::call(6), "call bpf_trace_printk#6"),
        (Insn::call_subprogram(5), "call pc+5"),
        (Insn::call_kfunc(77, 0), "call kernel-function#77"),
        (Insn::exit(), "exit"),
    ];
    for (insn, text) in cases {
        assert_eq!(insn.to_string(), text);
    }
}

#[test]
fn calls_are_told_apart() {
    let [helper, sub, kfunc] = [Insn::call(1), Insn::call_subprogram(1), Insn::call_kfunc(1, 2)];
    assert!([helper, sub, kfunc].iter().all(|insn| insn.is_call()));
    assert_eq!([helper, sub, kfunc].map(Insn::is_helper_call), [true, false, false]);
    assert_eq!([helper, sub, kfunc].map(Insn::is_pseudo_call), [false, true, false]);
    assert_eq!([helper, sub, kfunc].map(Insn::is_kfunc_call), [false, false, true]);
    assert_eq!(kfunc.off, 2);
    assert!(Insn::exit().is_exit() && !Insn::exit().is_call());
}

#[test]
fn labels_become_distances() {
    let insns = Assembler::new()
        .func(R2, "callback")
        .label("loop")
        .may_goto("done")
        .extend(Insn::ld_imm64(R1, 7))
        .call("callback")
        .jump32(JumpOp::Ne, R0, R1, "loop")
        .gotol("done")
        .goto("loop")
        .label("done")
        .push(Insn::exit())
        .label("callback")
        .push(Insn::mov64(R0, 0))
        .push(Insn::exit())
        .assemble()
        .unwrap();
    let text: Vec<String> = Listing::new(&insns).map(|line| line.to_string()).collect();
    let expected = [
        "0: (18) r2 = 0x9",
        "2: (e5) may_goto pc+6",
        "3: (18) r1 = 0x7",
        "5: (85) call pc+4",
        "6: (5e) if w0 != w1 goto pc-5",
        "7: (06) gotol pc+1",
        "8: (05) goto pc-7",
        "9: (95) exit",
        "10: (b7) r0 = 0",
        "11: (95) exit",
    ];
    assert_eq!(text, expected);
    assert!(insns[0].is_func_ref());
}

#[test]
fn a_missing_label_is_named() {
    let error = Assembler::new().goto("nowhere").assemble().unwrap_err();
    assert_eq!(error, AssembleError::UnknownLabel { index: 0, label: "nowhere".into() });
    assert!(error.to_string().contains("`nowhere`"));
}

#[test]
fn a_label_placed_twice_is_named_with_both_places() {
    let error = Assembler::new()
        .label("here")
        .push(Insn::exit())
        .label("here")
        .push(Insn::exit())
        .label("here")
        .assemble()
        .unwrap_err();
    let label = "here".into();
    assert_eq!(error, AssembleError::DuplicateLabel { label, first: 0, second: 1 });
}

#[test]
fn a_jump_reaches_as_far_as_its_field() {
    let far = |count: usize| {
        Assembler::new()
            .goto("end")
            .extend(std::iter::repeat_n(Insn::mov64(R0, 0), count))
            .label("end")
            .push(Insn::exit())
            .assemble()
    };
    assert_eq!(far(32767).unwrap()[0], Insn::goto(i16::MAX));
    let error = far(32768).unwrap_err();
    assert_eq!(error, AssembleError::TooFar { index: 0, label: "end".into(), distance: 32768 });
    assert!(error.to_string().contains("gotol"));
}
