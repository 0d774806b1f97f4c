//! Damaged objects: an answer or an error, never a panic, and little memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

#[path = "../../../fuzz/bodies/elf.rs"]
mod body;

use std::time::{Duration, Instant};

use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::mutate;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many mutants are read of each source's first object, and how many of its others.
const MUTANTS: [usize; 2] = [10_000, 1_000];

/// What reading may take: this many bytes per byte of file, and as many regardless.
const FACTOR: usize = 48;
const FLOOR: usize = 256 * 1024;

fn mutants(stem: &str, seed: u64) {
    mutants_of(&format!("testdata/bpf/{stem}.bpf.c"), seed);
}

fn mutants_of_example(name: &str, seed: u64) {
    mutants_of(&format!("examples/{name}/src/bpf/{name}.bpf.c"), seed);
}

fn mutants_of(source: &str, seed: u64) {
    for (number, (label, original)) in compilers::objects_of(source).into_iter().enumerate() {
        let count = MUTANTS[number.min(1)];
        let mut spent = (Duration::ZERO, 0);
        mutate::each(&original, seed + number as u64, count, |mutant| {
            let len = mutant.bytes.len();
            let start = Instant::now();
            let ((), most) = peak(|| body::check(&mutant.bytes));
            spent = spent.max((start.elapsed(), most));
            assert!(most <= len * FACTOR + FLOOR, "{label}: {most} bytes for a file of {len}");
        });
        assert!(spent.0 < Duration::from_secs(60), "{label}: one mutant took {:?}", spent.0);
    }
}

#[test]
fn mutated_calls() {
    mutants("calls", 10);
}

#[test]
fn mutated_maps() {
    mutants("maps", 20);
}

#[test]
fn mutated_variables() {
    mutants("variables", 30);
}

#[test]
fn mutated_externs() {
    mutants("externs", 40);
}

#[test]
fn mutated_closes() {
    mutants_of_example("closes", 60);
}

#[test]
fn mutated_counts() {
    mutants_of_example("counts", 70);
}

#[test]
fn mutated_hello_xdp() {
    mutants_of_example("hello_xdp", 80);
}

#[test]
fn mutated_events() {
    mutants_of_example("events", 90);
}

#[test]
fn mutated_jump_tables() {
    mutants("jump_tables", 50);
}
