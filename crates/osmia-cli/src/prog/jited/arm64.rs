//! Machine code of arm64.

use std::collections::HashMap;

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Operand};

use crate::prog::jited::Piece;

/// How many bytes an instruction has.
const SIZE: usize = 4;

/// What is not named by the disassembler, and its names.
const NAMES: [(&str, &str); 7] = [
    ("hint #0x20", "bti"),
    ("hint #0x22", "bti c"),
    ("hint #0x24", "bti j"),
    ("hint #0x26", "bti jc"),
    ("s3_0_c4_c1_0", "sp_el0"),
    ("s3_0_c13_c0_4", "tpidr_el1"),
    ("s3_4_c13_c0_2", "tpidr_el2"),
];

/// Disassembles a function's code that is at this address; `name` names what is jumped to and called.
pub fn disassemble(bytes: &[u8], address: u64, name: &dyn Fn(u64) -> Option<String>) -> Vec<Piece> {
    let mut constants = Constants::default();
    code(bytes)
        .map(|(at, word, insn)| {
            let text = match insn {
                Some(insn) => {
                    text(word, &insn, address.wrapping_add(at as u64), &mut constants, name)
                }
                None => {
                    constants.0.clear();
                    format!(".inst {word:#010x}")
                }
            };
            Piece { at, len: SIZE, text }
        })
        .collect()
}

/// The addresses that a function's code jumps to and calls.
pub fn targets(bytes: &[u8], address: u64) -> Vec<u64> {
    let mut constants = Constants::default();
    let found = code(bytes).filter_map(|(at, word, insn)| {
        let target =
            distance(&insn?).map(|by| address.wrapping_add(at as u64).wrapping_add_signed(by));
        let target = target.or_else(|| constants.branch(word));
        constants.see(word);
        target
    });
    found.collect()
}

/// Whole instructions; a rest that is shorter is none.
fn code(bytes: &[u8]) -> impl Iterator<Item = (usize, u32, Option<Instruction>)> + use<'_> {
    let decoder = InstDecoder::default();
    bytes.chunks_exact(SIZE).enumerate().map(move |(number, bytes)| {
        let word = bytes.try_into().map_or(0, u32::from_le_bytes);
        (number * SIZE, word, decoder.decode(&mut U8Reader::new(bytes)).ok())
    })
}

fn distance(insn: &Instruction) -> Option<i64> {
    insn.operands.iter().find_map(|operand| match operand {
        Operand::PCOffset(by) => Some(*by),
        _ => None,
    })
}

fn text(
    word: u32,
    insn: &Instruction,
    pc: u64,
    constants: &mut Constants,
    name: &dyn Fn(u64) -> Option<String>,
) -> String {
    let mut text = insn.to_string();
    for (unnamed, known) in NAMES {
        if text == unnamed || text.ends_with(&format!(" {unnamed}")) {
            text.truncate(text.len() - unnamed.len());
            text.push_str(known);
            break;
        }
    }
    if let Some(by) = distance(insn) {
        let target = pc.wrapping_add_signed(by);
        if let Some(at) = text.rfind('$') {
            text.truncate(at);
            text.push_str(&name(target).unwrap_or_else(|| format!("{target:#x}")));
        }
    }
    if let Some(named) = constants.branch(word).and_then(name) {
        text.push_str(" // ");
        text.push_str(&named);
    }
    constants.see(word);
    text
}

/// What registers hold that were just filled, piece by piece: addresses of what is called.
#[derive(Default)]
struct Constants(HashMap<u32, u64>);

impl Constants {
    /// Where an instruction leads that jumps or calls by register, as far as it is known.
    fn branch(&self, word: u32) -> Option<u64> {
        // BR and BLR.
        let by_register = word & 0xffdf_fc1f == 0xd61f_0000;
        self.0.get(&(word >> 5 & 31)).copied().filter(|_| by_register)
    }

    /// Follows MOVN, MOVZ and MOVK; nothing else is expected within the address of a call.
    fn see(&mut self, word: u32) {
        let (register, shift) = (word & 31, (word >> 21 & 3) * 16);
        let value = u64::from(word >> 5 & 0xffff) << shift;
        match word >> 23 & 0x1ff {
            0b1_0010_0101 => drop(self.0.insert(register, !value)),
            0b1_1010_0101 => drop(self.0.insert(register, value)),
            0b1_1110_0101 => {
                if let Some(known) = self.0.get_mut(&register) {
                    *known = *known & !(0xffff << shift) | value;
                }
            }
            _ => self.0.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{disassemble, targets};

    /// Assembled by clang for arm64, in the way of the kernel's compiler: a frame, a call of a helper at
    /// 0xffff800080123450, a loop, an atomic addition, and the end.
    const CODE: [u32; 16] = [
        0xd503_245f, // bti c
        0xd503_233f, // paciasp
        0xa9bf_7bfd, // stp x29, x30, [sp, #-16]!
        0x9100_03fd, // mov x29, sp
        0x9297_75ea, // mov x10, #0xffffffffffff4450 (movn)
        0xf2b0_024a, // movk x10, #0x8012, lsl #16
        0xf2d0_000a, // movk x10, #0x8000, lsl #32
        0xd63f_0140, // blr x10
        0xd538_d08b, // mrs x11, tpidr_el1
        0xf821_015f, // stadd x1, [x10]
        0xb400_0040, // cbz x0, +8
        0x17ff_ffff, // b -4
        0xa8c1_7bfd, // ldp x29, x30, [sp], #16
        0xd503_23bf, // autiasp
        0xd65f_03c0, // ret
        0xffff_ffff,
    ];
    const HELPER: u64 = 0xffff_8000_8012_4450;

    fn bytes() -> Vec<u8> {
        CODE.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn code_for_arm64_is_read() {
        let start = 0xffff_8000_0000_1000;
        let name = |address| match address {
            HELPER => Some("bpf_ktime_get_ns".to_owned()),
            inside => Some(format!("{:#x}", inside - start)),
        };
        let pieces = disassemble(&bytes(), start, &name);
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "bti c",
                "paciasp",
                "stp x29, x30, [sp, #-0x10]!",
                "mov x29, sp",
                "mov x10, #0xffffffffffff4450",
                "movk x10, #0x8012, lsl #16",
                "movk x10, #0x8000, lsl #32",
                "blr x10 // bpf_ktime_get_ns",
                "mrs x11, tpidr_el1",
                "stadd x1, [x10]",
                "cbz x0, 0x30",
                "b 0x28",
                "ldp x29, x30, [sp], #0x10",
                "autiasp",
                "ret",
                ".inst 0xffffffff",
            ]
        );
        assert_eq!(targets(&bytes(), start), [HELPER, start + 0x30, start + 0x28]);
        assert_eq!((pieces[3].at, pieces[3].len), (12, 4));
    }

    #[test]
    fn any_bytes_are_read() {
        let mut state = 0x1234_5678_u32;
        let words = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        });
        let bytes: Vec<u8> = words.take(200_000).flat_map(u32::to_le_bytes).collect();
        let pieces = disassemble(&bytes, u64::MAX - 100, &|_| None);
        assert_eq!(pieces.len(), 200_000);
        targets(&bytes, 0);
        assert!(disassemble(&bytes[..3], 0, &|_| None).is_empty());
    }
}
