//! Damaged and made-up programs.

#[path = "../../../fuzz/bodies/insn.rs"]
mod body;

mod all;

use osmia_insn::{Cfg, Endian, Insn};
use osmia_testkit::alloc::{self, Counting};
use osmia_testkit::mutate;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A program with operations of every kind in it.
fn everything() -> Vec<u8> {
    let slots = all::operations().into_iter().step_by(499).flat_map(|operation| {
        let (first, second) = operation.slots();
        [Some(first), second].into_iter().flatten()
    });
    Insn::encode_all(&slots.collect::<Vec<Insn>>(), Endian::Little)
}

#[test]
fn mutated_programs_are_read_and_written_back() {
    mutate::each(&everything(), 1, 10_000, |mutant| body::check(&mutant.bytes));
}

/// Each of the 256 opcodes many times, everything else random.
#[test]
fn random_programs_are_read_and_written_back() {
    let mut random = 7_u64;
    for _ in 0..64 {
        let mut program = Vec::new();
        for code in 0..=u8::MAX {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut slot = (random ^ random >> 29).to_le_bytes();
            if let Some(first) = slot.first_mut() {
                *first = code;
            }
            program.extend(slot);
        }
        body::check(&program);
        program.pop();
        body::check(&program);
    }
}

/// What decoding asks for is what it returns: one allocation of the right size.
#[test]
fn decoding_allocates_once() {
    let bytes = everything();
    let (insns, peak) = alloc::peak(|| Insn::decode_all(&bytes, Endian::Little).unwrap());
    assert_eq!(peak, size_of_val(insns.as_slice()));
    let (written, peak) = alloc::peak(|| Insn::encode_all(&insns, Endian::Little));
    assert_eq!((peak, &written), (bytes.len(), &bytes));
}

#[test]
fn a_graph_is_as_large_as_its_program() {
    // The worst case: every slot a block and a call.
    let jumps = vec![Insn::goto(0); 10_000];
    let calls = vec![Insn::call_subprogram(0); 10_000];
    for insns in [jumps, calls] {
        let (cfg, peak) = alloc::peak(|| Cfg::new(&insns));
        assert_eq!(cfg.blocks().len(), insns.len());
        assert!(peak <= 32 * 8 * insns.len(), "{peak} bytes");
    }
}
