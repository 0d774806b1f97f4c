//! Times opening and searching a BTF file.
#![allow(clippy::unwrap_used, missing_docs)]
use std::time::Instant;

use osmia_btf::{Btf, Kind};

fn main() {
    let path = std::env::args().nth(1).unwrap_or("/sys/kernel/btf/vmlinux".into());
    let bytes: bytes::Bytes = std::fs::read(path).unwrap().into();
    for _ in 0..5 {
        let t = Instant::now();
        let btf = Btf::parse(bytes.clone(), None).unwrap();
        let ty = btf.find(Kind::Struct, "task_struct").unwrap().unwrap();
        let first = t.elapsed();
        let n = ty.members().count();
        btf.index_names().unwrap();
        let all = t.elapsed();
        let t = Instant::now();
        let mut found = 0;
        for name in ["sock", "file", "inode", "sk_buff", "nosuch", "dentry"] {
            found += usize::from(btf.find(Kind::Struct, name).unwrap().is_some());
        }
        let look = t.elapsed() / 6;
        let t = Instant::now();
        let mut members = 0;
        for ty in btf.types().unwrap() {
            members += ty.unwrap().members().count();
        }
        println!(
            "{n} first {first:?} indexed {all:?} lookup {look:?} ({found}) walk {:?} {members}",
            t.elapsed()
        );
    }
}
