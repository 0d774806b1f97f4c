//! Prints the layout of a struct in a BTF file.
#![allow(clippy::unwrap_used, missing_docs)]

use osmia_btf::{Btf, Kind, layout::Layout};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or("sock".into());
    let path = arguments.next().unwrap_or("/sys/kernel/btf/vmlinux".into());
    let btf = Btf::parse(std::fs::read(path).unwrap().into(), None).unwrap();
    let ty = btf.find(Kind::Struct, &name).unwrap().expect("there is such a struct");
    print!("{}", Layout::of(&btf, ty.id()).unwrap());
}
