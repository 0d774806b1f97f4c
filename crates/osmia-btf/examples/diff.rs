//! Prints what changed between two BTF files.
#![allow(clippy::unwrap_used, missing_docs)]
use std::time::Instant;

use osmia_btf::{Btf, diff};

fn main() {
    let open = |path: String| Btf::parse(std::fs::read(path).unwrap().into(), None).unwrap();
    let mut files = std::env::args().skip(1).map(open);
    let (old, new) = (files.next().unwrap(), files.next().unwrap());
    let start = Instant::now();
    let diffs = diff::diff(&old, &new).unwrap();
    eprintln!("{} differences in {:?}", diffs.len(), start.elapsed());
    for diff in diffs {
        println!("{diff}");
    }
}
