//! Damaged objects whose externs are resolved and whose constants are folded, and damaged
//! configurations: an answer or an error, never a panic, and little memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

#[path = "../../../fuzz/bodies/externs.rs"]
mod body;

use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::mutate;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What it may take: this many bytes per byte of file, and as many regardless.
const FACTOR: usize = 64;
const FLOOR: usize = 512 * 1024;

fn mutants(stem: &str, seed: u64) {
    for (number, (label, original)) in compilers::objects(stem).into_iter().enumerate() {
        let count = if number == 0 { 1000 } else { 100 };
        mutate::each(&original, seed + number as u64, count, |mutant| {
            let len = mutant.bytes.len();
            let ((), most) = peak(|| body::check(&mutant.bytes));
            assert!(most <= len * FACTOR + FLOOR, "{label}: {most} bytes for a file of {len}");
        });
    }
}

#[test]
fn mutated_constants() {
    mutants("fold", 110);
}

#[test]
fn mutated_kconfig() {
    mutants("kconfig", 120);
}

#[test]
fn mutated_ksyms() {
    mutants("ksyms", 130);
}

#[test]
fn mutated_configurations() {
    let text = b"CONFIG_HZ=250\n# CONFIG_X is not set\nCONFIG_A=\"b\\\"c\"\n".repeat(20);
    mutate::each(&text, 140, 2000, |mutant| body::config(&mutant.bytes));
}
