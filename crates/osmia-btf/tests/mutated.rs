//! Damaged BTF: an answer or an error, in bounded time and memory.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../fuzz/bodies/btf.rs"]
mod body;
mod clang;
mod sample;

use std::time::{Duration, Instant};

use osmia_btf::Endian;
use osmia_testkit::{alloc, clang::Clang, mutate};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

const MUTANTS: usize = 10_000;

#[test]
fn of_every_kind() {
    for endian in [Endian::Little, Endian::Big] {
        mutate_all(sample::every_kind(endian).as_bytes(), MUTANTS / 2);
    }
}

#[test]
fn of_a_compiler() {
    let source =
        "#include <linux/bpf.h>\nstruct bpf_prog_info a; union bpf_attr b; struct __sk_buff c;";
    for clang in Clang::present() {
        let multiarch = format!("-idirafter/usr/include/{}-linux-gnu", std::env::consts::ARCH);
        let object = clang::compile(clang, source, &[&multiarch]);
        mutate_all(&clang::btf_section(&object), MUTANTS / 100);
    }
}

fn mutate_all(original: &[u8], count: usize) {
    assert_eq!(body::check(original), Ok(()), "what is not damaged has no errors");
    let mut opened = 0;
    mutate::each(original, 1, count, |mutant| {
        let start = Instant::now();
        let (result, peak) = alloc::peak(|| body::check(&mutant.bytes));
        opened += usize::from(result.is_ok());
        let limit = 64 * mutant.bytes.len() + (1 << 18);
        assert!(peak <= limit, "{peak} bytes of memory, {} of BTF", mutant.bytes.len());
        assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
    });
    assert!(opened > count / 20, "only {opened} of {count} mutants opened: the test has no depth");
}
