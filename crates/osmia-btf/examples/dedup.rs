//! Merges BTF files, and tells how long that took.
#![allow(clippy::unwrap_used, missing_docs)]
use std::time::Instant;

use osmia_btf::{Btf, dedup};

fn main() {
    let open = |path: String| Btf::parse(std::fs::read(path).unwrap().into(), None).unwrap();
    let btfs: Vec<Btf> = std::env::args().skip(1).map(open).collect();
    let before: u32 = btfs.iter().map(|btf| btf.type_count().unwrap() - 1).sum();
    for _ in 0..3 {
        let start = Instant::now();
        let merged = dedup(&btfs).unwrap();
        let after = merged.btf.type_count().unwrap() - 1;
        println!(
            "{before} types -> {after}, {} bytes, in {:?}",
            merged.btf.as_bytes().len(),
            start.elapsed()
        );
    }
}
