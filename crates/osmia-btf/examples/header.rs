//! Prints a BTF file as a C header, and how long that took to standard error.
#![allow(clippy::unwrap_used, missing_docs)]
use std::time::Instant;

use osmia_btf::{Btf, c};

fn main() {
    let path = std::env::args().nth(1).unwrap_or("/sys/kernel/btf/vmlinux".into());
    let bytes: bytes::Bytes = std::fs::read(path).unwrap().into();
    for _ in 0..5 {
        let start = Instant::now();
        let btf = Btf::parse(bytes.clone(), None).unwrap();
        let text = c::header(&btf).unwrap();
        eprintln!("{} bytes in {:?}", text.len(), start.elapsed());
    }
    let btf = Btf::parse(bytes, None).unwrap();
    print!("{}", c::header(&btf).unwrap());
}
