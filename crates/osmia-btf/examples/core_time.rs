//! Times the CO-RE relocations of an object against a kernel's BTF.
#![allow(clippy::unwrap_used, missing_docs)]
use std::collections::HashSet;
use std::time::Instant;

use object::{Object as _, ObjectSection as _};
use osmia_btf::core_re::{Relocator, Target};
use osmia_btf::{Btf, BtfExt, SectionRecords};

fn main() {
    let path = std::env::args().nth(1).expect("the path of an object");
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(bytes.as_slice()).unwrap();
    let section = |name: &str| file.section_by_name(name).unwrap().data().unwrap().to_vec();
    let (btf, ext) = (bytes::Bytes::from(section(".BTF")), section(".BTF.ext").into());
    let ext = BtfExt::parse(ext).unwrap();
    let kernel: bytes::Bytes = std::fs::read("/sys/kernel/btf/vmlinux").unwrap().into();
    for _ in 0..5 {
        let local = Btf::parse(btf.clone(), None).unwrap();
        let kernel = Btf::parse(kernel.clone(), None).unwrap();
        let start = Instant::now();
        kernel.index_names().unwrap();
        let indexed = start.elapsed();
        let start = Instant::now();
        let mut relocator = Relocator::new(&local, Target::new("vmlinux", &kernel));
        let (mut found, mut all, mut roots) = (0, 0, HashSet::new());
        for record in ext.relocations(&local).unwrap().iter().flat_map(SectionRecords::iter) {
            found += usize::from(relocator.resolve(&record).unwrap().target.is_some());
            all += 1;
            roots.insert(record.ty);
        }
        println!(
            "index {indexed:?}, {all} relocations of {} types ({found} found) {:?}",
            roots.len(),
            start.elapsed()
        );
    }
}
