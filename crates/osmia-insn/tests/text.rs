//! Text against what the verifier logs.

mod all;

use osmia_insn::{
    Endian, Imm64, Insn, Line, Listing, Names, Opcode, Operand, Operation, Reg, Size,
};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// One instruction of each kind, and what Linux 6.18 logged for it when it was loaded.
const VERIFIER: &str = include_str!("golden/verifier.txt");

fn golden() -> impl Iterator<Item = (Line, &'static str)> {
    VERIFIER.lines().filter(|line| !line.starts_with('#')).map(|row| {
        let (hex, text) = row.split_once(' ').expect("bytes and text");
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
            .collect();
        let insns = Insn::decode_all(&bytes, Endian::Little).expect("whole slots");
        let mut lines = Listing::new(&insns);
        let line = lines.next().expect("an instruction");
        assert_eq!(lines.next(), None, "{row}");
        (line, text)
    })
}

fn line(operation: Operation) -> Line {
    let (insn, second) = operation.slots();
    Line { index: 0, insn, second }
}

#[test]
fn every_line_is_the_verifiers() {
    for (line, text) in golden() {
        assert_eq!(line.to_string(), format!("0: {text}"));
        assert!(!line.uses_reserved_fields(), "{text}");
    }
}

/// The table has every opcode that a program may use.
#[test]
fn the_verifiers_table_is_complete() {
    let known: BTreeSet<Opcode> =
        all::operations().into_iter().map(|op| line(op).insn.code).collect();
    let seen: BTreeSet<Opcode> = golden().map(|(line, _)| line.insn.code).collect();
    let rest: Vec<Opcode> = known.difference(&seen).copied().collect();
    // Not loadable on the kernel that made the table: gotox, callx, and what only dumps hold.
    assert_eq!(rest, [Opcode::JA_REG, Opcode::CALL_REG, Opcode(0xc2)]);
    assert_eq!(seen.difference(&known).count(), 0);
}

#[test]
fn what_no_table_has() {
    let (dst, src) = (Reg::R6, Reg::R9);
    let cases = [
        (Operation::GotoX { dst }, "0: (0d) gotox r6"),
        (Operation::CallX { dst }, "0: (8d) callx r6"),
        (Operation::Nospec, "0: (c2) nospec"),
        (Operation::PercpuAddr { dst, src }, "0: (bf) r6 = &(void __percpu *)(r9)"),
        (Operation::CallSubprogram { distance: 5 }, "0: (85) call pc+5"),
        (Operation::CallSubprogram { distance: -7 }, "0: (85) call pc-7"),
        (Operation::CallKfunc { btf_id: 65481, module: 0 }, "0: (85) call kernel-function#65481"),
        (Operation::LdImm64 { dst, value: Imm64::MapFd(5) }, "0: (18) r6 = 0x5"),
        (
            Operation::LdImm64 { dst, value: Imm64::MapValue { fd: 5, offset: 4 } },
            "0: (18) r6 = 0x400000005",
        ),
        (Operation::LdImm64 { dst, value: Imm64::Func(40) }, "0: (18) r6 = 0x28"),
    ];
    for (operation, text) in cases {
        assert_eq!(line(operation).to_string(), text);
    }
}

/// LLVM up to 18 wrote the register of an indirect call into the immediate.
#[test]
fn indirect_calls_of_older_compilers() {
    let text = |bytes| Insn::decode(bytes, Endian::Little).to_string();
    assert_eq!(text([0x8d, 0, 0, 0, 3, 0, 0, 0]), "callx r3");
    assert_eq!(text([0x8d, 3, 0, 0, 0, 0, 0, 0]), "callx r3");
    assert_eq!(text([0x8d, 3, 0, 0, 3, 0, 0, 0]), "BUG_jmp_8d");
    assert_eq!(text([0x8d, 0, 0, 0, 11, 0, 0, 0]), "BUG_jmp_8d");
}

/// The kernel's internal registers above r10 have numbers like the others.
#[test]
fn registers_of_dumps() {
    let (dst, src) = (Reg::AX, Operand::Imm(1));
    let mov = Operation::Mov { width: osmia_insn::Width::W64, dst, src };
    assert_eq!(mov.to_string(), "r11 = 1");
}

#[test]
fn unknown_encodings_have_a_text() {
    let cases: [([u8; 8], &str); 14] = [
        ([0x00, 0, 0, 0, 0, 0, 0, 0], "BUG_ld_00"),
        ([0x18, 0, 0, 0, 0, 0, 0, 0], "BUG_ld_18"),
        ([0x38, 0, 0, 0, 0, 0, 0, 0], "BUG_ld_38"),
        ([0x99, 0, 0, 0, 0, 0, 0, 0], "BUG_ldx_99"),
        ([0xa2, 0, 0, 0, 0, 0, 0, 0], "BUG_st_a2"),
        ([0xdb, 0, 0, 0, 0x10, 0, 0, 0], "BUG_db"),
        ([0xcb, 0, 0, 0, 0, 0, 0, 0], "BUG_cb"),
        ([0xe4, 0, 0, 0, 0, 0, 0, 0], "BUG_alu_e4"),
        ([0x34, 0, 2, 0, 1, 0, 0, 0], "BUG_alu_34"),
        ([0xbc, 0, 32, 0, 0, 0, 0, 0], "BUG_alu_bc"),
        ([0xdf, 0, 0, 0, 16, 0, 0, 0], "BUG_alu64_df"),
        ([0xe5, 0x10, 0, 0, 0, 0, 0, 0], "BUG_jmp_e5"),
        ([0x85, 0x30, 0, 0, 1, 0, 0, 0], "BUG_jmp_85"),
        ([0x96, 0, 0, 0, 0, 0, 0, 0], "BUG_jmp32_96"),
    ];
    for (bytes, text) in cases {
        let insn = Insn::decode(bytes, Endian::Little);
        assert_eq!(insn.to_string(), text);
        assert_eq!(Line { index: 3, insn, second: None }.to_string(), format!("3: {text}"));
        assert_eq!(insn.encode(Endian::Little), bytes);
    }
}

/// Whatever the bytes, there is a line without control characters.
#[test]
fn every_opcode_has_a_text() {
    for code in 0..=u8::MAX {
        for fill in [0, 1, 0x10, 0x7f, 0xff] {
            let bytes = [code, fill, fill, fill, fill, fill, fill, fill];
            let text = Insn::decode(bytes, Endian::Little).to_string();
            assert!(!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' '));
        }
    }
}

struct Known;

impl Names for Known {
    fn helper(&self, index: usize, helper: i32) -> Option<Cow<'_, str>> {
        (index == 1 && helper == 330_864).then_some("__htab_map_lookup_elem".into())
    }

    fn subprogram(&self, index: usize, distance: i32) -> Option<Cow<'_, str>> {
        (index == 1).then(|| format!("at_{distance}").into())
    }

    fn kfunc(&self, _index: usize, btf_id: i32, module: i16) -> Option<Cow<'_, str>> {
        (btf_id == 65481 && module == 0).then_some("bpf_rcu_read_lock".into())
    }

    fn imm64(&self, _index: usize, value: Imm64) -> Option<Cow<'_, str>> {
        match value {
            Imm64::MapValue { fd, offset } => Some(format!("map[id:{fd}][0]+{offset}").into()),
            Imm64::Func(distance) => Some(format!("subprog[{distance:+}]").into()),
            _ => None,
        }
    }
}

#[test]
fn names_replace_numbers() {
    let dst = Reg::R1;
    let cases = [
        (Operation::Call { helper: 330_864 }, "1: (85) call __htab_map_lookup_elem#330864"),
        (Operation::Call { helper: 1 }, "1: (85) call unknown#1"),
        (Operation::CallSubprogram { distance: 2 }, "1: (85) call pc+2#at_2"),
        (Operation::CallKfunc { btf_id: 65481, module: 0 }, "1: (85) call bpf_rcu_read_lock#65481"),
        (Operation::CallKfunc { btf_id: 65481, module: 1 }, "1: (85) call kernel-function#65481"),
        (
            Operation::LdImm64 { dst, value: Imm64::MapValue { fd: 60, offset: 4 } },
            "1: (18) r1 = map[id:60][0]+4",
        ),
        (Operation::LdImm64 { dst, value: Imm64::Func(38) }, "1: (18) r1 = subprog[+38]"),
        (Operation::LdImm64 { dst, value: Imm64::Const(123) }, "1: (18) r1 = 0x7b"),
    ];
    for (operation, text) in cases {
        assert_eq!(Line { index: 1, ..line(operation) }.named(&Known).to_string(), text);
    }
}

#[test]
fn a_listing_pairs_wide_loads() {
    let [first, second] = Insn::ld_imm64(Reg::R3, u64::MAX);
    let program = [Insn::load(Size::Byte, Reg::R0, Reg::R1, 0), first, second, Insn::exit()];
    let text: Vec<String> = Listing::new(&program).map(|line| line.to_string()).collect();
    let expected =
        ["0: (71) r0 = *(u8 *)(r1 +0)", "1: (18) r3 = 0xffffffffffffffff", "3: (95) exit"];
    assert_eq!(text, expected);
}

#[test]
fn a_listing_keeps_a_wide_load_without_its_second_slot() {
    let [first, second] = Insn::ld_imm64(Reg::R3, 1);
    let text = |program: &[Insn]| -> Vec<String> {
        Listing::new(program).map(|line| line.to_string()).collect()
    };
    assert_eq!(text(&[first]), ["0: BUG_ld_18"]);
    assert_eq!(text(&[first, Insn::exit()]), ["0: BUG_ld_18", "1: (95) exit"]);
    assert_eq!(text(&[first, first, second]), ["0: BUG_ld_18", "1: (18) r3 = 0x1"]);
    assert_eq!(text(&[second, first]), ["0: BUG_ld_00", "1: BUG_ld_18"]);
    assert_eq!(text(&[]), [""; 0]);
}

#[test]
fn a_wide_load_with_reserved_fields_is_noticed() {
    let [first, second] = Imm64::MapFd(3).slots(Reg::R1);
    let line = |second| Line { index: 0, insn: first, second: Some(second) };
    assert!(!line(second).uses_reserved_fields());
    assert!(line(Insn { off: 1, ..second }).uses_reserved_fields());
    assert!(line(Insn { imm: 1, ..second }).uses_reserved_fields());
}
