//! Every slot survives decoding and encoding; every operation survives being written and read.

mod all;

use osmia_insn::{Endian, Insn, Line, Opcode, Operation, Reg};

const OFFS: [i16; 12] = [0, 1, -1, 2, 4, 8, 16, 32, 0x1234, -0x1234, i16::MIN, i16::MAX];
const IMMS: [i32; 14] = [
    0,
    1,
    -1,
    0x10,
    0x20,
    0x40,
    0xe1,
    0xf1,
    0x100,
    0x110,
    0x0001_0000,
    0x1234_5678,
    i32::MIN,
    i32::MAX,
];

/// Every opcode with representative fields.
fn slots() -> impl Iterator<Item = Insn> {
    (0..=u8::MAX).flat_map(|code| {
        (0..=u8::MAX).flat_map(move |regs| {
            OFFS.into_iter().zip(IMMS.into_iter().cycle().skip(usize::from(regs) % 14)).map(
                move |(off, imm)| Insn {
                    code: Opcode(code),
                    dst: Reg::from_nibble(regs),
                    src: Reg::from_nibble(regs >> 4),
                    off,
                    imm,
                },
            )
        })
    })
}

#[test]
fn every_opcode_survives_in_both_byte_orders() {
    let mut count = 0;
    for insn in slots() {
        for endian in [Endian::Little, Endian::Big] {
            assert_eq!(Insn::decode(insn.encode(endian), endian), insn);
        }
        count += 1;
    }
    assert_eq!(count, 256 * 256 * OFFS.len());
}

#[test]
fn fields_are_where_the_instruction_set_puts_them() {
    let insn = Insn { code: Opcode(0x7b), dst: Reg::R10, src: Reg::R1, off: -8, imm: 0x0102_0304 };
    let little = [0x7b, 0x1a, 0xf8, 0xff, 0x04, 0x03, 0x02, 0x01];
    let big = [0x7b, 0xa1, 0xff, 0xf8, 0x01, 0x02, 0x03, 0x04];
    assert_eq!(insn.encode(Endian::Little), little);
    assert_eq!(insn.encode(Endian::Big), big);
}

#[test]
fn every_operation_reads_back_as_itself() {
    let mut count = 0;
    for operation in all::operations() {
        let (insn, second) = operation.slots();
        assert_eq!(Operation::of(insn, second), operation, "{insn:?} {second:?}");
        let line = Line { index: 0, insn, second };
        assert!(!line.uses_reserved_fields(), "{insn:?}");
        count += 1;
    }
    assert!(count > 10_000, "{count} operations");
}

#[test]
fn an_unknown_slot_is_kept_whole() {
    let mut unknown = 0;
    for insn in slots() {
        if let Operation::Unknown(kept) = insn.operation() {
            assert_eq!(kept, insn);
            assert_eq!(insn.operation().slots(), (insn, None));
            unknown += 1;
        }
    }
    assert!(unknown > 0);
}

/// What is read differs from what was written only in fields that the instruction does not use.
#[test]
fn reading_is_settled_after_one_round() {
    for insn in slots() {
        let operation = insn.operation();
        let (written, second) = operation.slots();
        assert_eq!(Operation::of(written, second), operation, "{insn:?}");
        assert_eq!(written.code, insn.code);
    }
}

#[test]
fn a_stream_survives_and_allocates_once() {
    let insns: Vec<Insn> = slots().step_by(97).collect();
    for endian in [Endian::Little, Endian::Big] {
        let bytes = Insn::encode_all(&insns, endian);
        assert_eq!(bytes.len(), insns.len() * 8);
        let read = Insn::decode_all(&bytes, endian).unwrap();
        assert_eq!(read, insns);
        assert_eq!(read.capacity(), read.len());
    }
}

#[test]
fn a_cut_stream_says_where() {
    assert_eq!(Insn::decode_all(&[], Endian::Little).unwrap(), []);
    for len in (1..40).filter(|len| len % 8 != 0) {
        let error = Insn::decode_all(&vec![0; len], Endian::Little).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{len} bytes")), "{text}");
        assert!(text.contains(&format!("instruction {} ", len / 8)), "{text}");
    }
}
