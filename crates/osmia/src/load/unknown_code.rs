//! Instructions that a kernel's verifier does not know.

use osmia_insn::{Class, Insn, Mode, Opcode};

/// What the verifier says of instructions that are newer than it.
const WORDS: [&str; 4] = ["uses reserved fields", "unknown opcode", "unknown insn", "invalid BPF_"];

/// The slot of the instruction that the verifier does not know, what it is, and what to do; none if
/// its log says something else.
pub(super) fn find(log: &str, insns: &[Insn]) -> Option<(u32, &'static str)> {
    if !log.lines().any(|line| WORDS.iter().any(|words| line.contains(words))) {
        return None;
    }
    let mut is_second = false;
    for (at, insn) in (0..).zip(insns) {
        // The second half of a wide one is no instruction.
        let skip = is_second;
        is_second = insn.is_wide() && !skip;
        if let Some(what) = title(*insn).filter(|_| !skip) {
            return Some((at, what));
        }
    }
    None
}

/// What an instruction of the newer sets is.
fn title(insn: Insn) -> Option<&'static str> {
    const NEWER: &str =
        "of the instruction set v4, which kernels have since 6.6: compile it with -mcpu=v3";
    let Insn { code, off, .. } = insn;
    if code == Opcode::CALL_REG {
        return Some(
            "a call through a pointer to a function, which no program can make: call the function \
             by its name, in a `switch` over a number if there are several, or inline it",
        );
    }
    let is_newer = match code.class() {
        Class::Ldx => code.mode() == Mode::MemSx,
        // Moves that extend the sign; signed division and remainder.
        Class::Alu | Class::Alu64 => {
            let swaps = code.class() == Class::Alu64 && code.op() == 0xd0;
            swaps || off != 0 && matches!(code.op(), 0xb0 | 0x30 | 0x90)
        }
        Class::Jmp32 => code == Opcode::JA32,
        _ => false,
    };
    is_newer.then_some(NEWER)
}

#[cfg(test)]
mod tests {
    use osmia_insn::{Insn, Opcode, Reg, Size};

    use super::find;

    #[test]
    fn newer_instructions_are_found_behind_wide_ones() {
        // The second half of the wide load looks like nothing, whatever its number.
        let [low, high] = osmia_insn::Imm64::Const(u64::MAX).slots(Reg::R1);
        let insns = [low, high, Insn::mov_sx64(Reg::R1, Reg::R2, Size::Byte), Insn::exit()];
        let (at, what) = find("BPF_MOV uses reserved fields\n", &insns).unwrap();
        assert_eq!(at, 2);
        assert!(what.contains("-mcpu=v3"), "{what}");
        let call = Insn { code: Opcode::CALL_REG, ..Insn::exit() };
        let (at, what) = find("unknown opcode 8d\n", &[Insn::exit(), call]).unwrap();
        assert_eq!(at, 1);
        assert!(what.contains("a call through a pointer"), "{what}");
        assert_eq!(find("R1 !read_ok\n", &insns), None);
        assert_eq!(find("BPF_MOV uses reserved fields\n", &[Insn::exit()]), None);
    }
}
