//! What must hold for any bytes that are read as instructions.
//!
//! The fuzz target runs this, and so does a test of `osmia-insn` with bytes that are the same every time.

use osmia_insn::{Cfg, Endian, Insn, Listing, Operation};

/// Reads bytes as a program in either byte order, writes it back, prints it and follows its control flow.
pub fn check(bytes: &[u8]) {
    for endian in [Endian::Little, Endian::Big] {
        match Insn::decode_all(bytes, endian) {
            Ok(insns) => {
                assert_eq!(Insn::encode_all(&insns, endian), bytes);
                walk(&insns);
            }
            Err(error) => {
                assert!(bytes.len() % Insn::SIZE != 0);
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

fn walk(insns: &[Insn]) {
    let mut slots = 0;
    for line in Listing::new(insns) {
        assert_eq!(line.index, slots);
        slots = line.next_index();
        assert!(!line.to_string().is_empty());
        let (first, second) = line.operation().slots();
        assert_eq!(Operation::of(first, second), line.operation());
    }
    assert_eq!(slots, insns.len());
    let cfg = Cfg::new(insns);
    let covered: usize = cfg.blocks().iter().map(|block| block.slots.len()).sum();
    assert_eq!(covered, insns.len());
    assert_eq!(cfg.functions().is_empty(), insns.is_empty());
}
