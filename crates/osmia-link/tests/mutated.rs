//! Damaged objects: a linked object or an error, never a panic, and little memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod parts;

#[path = "../../../fuzz/bodies/link.rs"]
mod body;

use std::time::{Duration, Instant};

use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};
use osmia_testkit::mutate;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What linking may take: this many bytes per byte of all files, and as many regardless.
const FACTOR: usize = 96;
const FLOOR: usize = 2 << 20;

fn mutants(original: &[u8], label: &str, seed: u64, count: usize, endian: Endian) {
    let others = parts::of(Clang::DEFAULT, endian);
    let around: usize = others.iter().map(|object| object.bytes.len()).sum();
    let mut slowest = Duration::ZERO;
    mutate::each(original, seed, count, |mutant| {
        let len = mutant.bytes.len() + around;
        let start = Instant::now();
        let ((), most) = peak(|| body::check(&mutant.bytes, &others[1..]));
        slowest = slowest.max(start.elapsed());
        assert!(most <= len * FACTOR + FLOOR, "{label}: {most} bytes for files of {len}");
    });
    assert!(slowest < Duration::from_secs(60), "{label}: one mutant took {slowest:?}");
}

#[test]
fn mutated_parts() {
    for endian in [Endian::Little, Endian::Big] {
        for (number, object) in parts::of(Clang::DEFAULT, endian).iter().enumerate() {
            mutants(&object.bytes, &object.name, 100 + number as u64, 300, endian);
        }
    }
}

#[test]
fn mutated_others() {
    for (number, stem) in
        ["struct_ops", "arena", "maps", "calls", "core", "parts_slots"].into_iter().enumerate()
    {
        let Ok(path) = Fixture::new(stem).made() else { continue };
        let bytes = std::fs::read(path).unwrap();
        mutants(&bytes, stem, 200 + number as u64, 150, Endian::NATIVE);
    }
}

#[test]
fn mutated_linked() {
    let objects = parts::of(Clang::DEFAULT, Endian::NATIVE);
    let Ok(linked) = osmia_link::link(&objects) else { return };
    mutants(&linked, "linked", 300, 300, Endian::NATIVE);
}
