//! The header printed from a kernel's BTF, compiled: every struct, union and enum must come out of clang as it was.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;
mod layout;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use osmia_btf::{Btf, Kind, c};
use osmia_testkit::{clang::Clang, skip};

const KERNEL: &str = "/sys/kernel/btf/vmlinux";

fn kernel() -> Option<Btf> {
    match std::fs::read(KERNEL) {
        Ok(bytes) => Some(Btf::parse(bytes.into(), None).expect("the kernel's BTF opens")),
        Err(error) => {
            skip::whole(format_args!("{KERNEL}: {error}"));
            None
        }
    }
}

#[test]
fn every_layout_of_the_kernel_survives() {
    let Some(btf) = kernel() else { return };
    let clangs = Clang::present();
    let Some(&clang) = clangs.first() else { return };
    let header = c::header(&btf).expect("the kernel's BTF prints");
    let mut found = compiled(clang, &header, &layout::definitions(&header, &btf));
    let expected = layout::all(&btf);
    assert!(expected.len() > 1000, "a kernel has more types than {}", expected.len());
    for (name, layouts) in &expected {
        let found = found.remove(name).unwrap_or_else(|| panic!("{clang}: no {name}"));
        assert_eq!(*layouts, found, "{clang}: {name}");
    }
}

/// What clang makes of the types that a header defines, by name.
fn compiled(clang: Clang, header: &str, defined: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Compilers take time by the square of the types that they describe.
    for some in defined.chunks(2000) {
        let mut source = header.to_owned();
        for (number, name) in some.iter().enumerate() {
            writeln!(source, "{name} v_{number};").unwrap();
        }
        let object = clang::compile(clang, &source, &[]);
        let compiled = Btf::parse(clang::btf_section(&object), None).unwrap();
        for (name, mut more) in layout::all(&compiled) {
            found.entry(name).or_default().append(&mut more);
        }
    }
    for layouts in found.values_mut() {
        layouts.sort();
        layouts.dedup();
    }
    found
}

#[test]
fn the_header_of_bpftool_says_the_same() {
    let Some(btf) = kernel() else { return };
    let clangs = Clang::present();
    let Some(&clang) = clangs.first() else { return };
    let dump = ["btf", "dump", "file", KERNEL, "format", "c"];
    let Ok(theirs) = Command::new("bpftool").args(dump).output() else {
        return skip::tool("bpftool is not installed");
    };
    let theirs = String::from_utf8(theirs.stdout).unwrap();
    let ours = c::header(&btf).expect("the kernel's BTF prints");
    let [ours, theirs] =
        [&ours, &theirs].map(|header| compiled(clang, header, &layout::definitions(header, &btf)));
    assert!(theirs.len() > 1000, "bpftool defines {} types", theirs.len());
    let told = layout::all(&btf);
    let mut others = 0;
    for (name, layouts) in &theirs {
        let ours = ours.get(name).unwrap_or_else(|| panic!("{clang}: no {name}"));
        if ours != layouts {
            // Older ones print enums of one byte as if they had four, for one.
            assert_ne!(told.get(name), Some(layouts), "{clang}: {name}, ours: {ours:?}");
            others += 1;
        }
    }
    assert!(others * 100 < theirs.len(), "{others} of {} differ", theirs.len());
}

#[test]
fn every_clang_compiles_the_kernels_header() {
    let Some(btf) = kernel() else { return };
    let mut source = c::header(&btf).expect("the kernel's BTF prints");
    source.push_str("#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n");
    source.push_str("#include <bpf/bpf_core_read.h>\n");
    for value in large_values(&btf) {
        writeln!(source, "_Static_assert({value}, \"{value}\");").unwrap();
    }
    for clang in Clang::present() {
        for standard in ["gnu11", "gnu2x"] {
            let standard = format!("-std={standard}");
            clang::compile(clang, &source, &["-Wall", "-Wextra", "-Werror", &standard]);
        }
    }
}

#[test]
fn what_a_root_needs_is_enough() {
    let Some(btf) = kernel() else { return };
    let clangs = Clang::present();
    let Some(&clang) = clangs.first() else { return };
    for name in ["task_struct", "sk_buff", "bpf_map", "file"] {
        let root = btf.find(Kind::Struct, name).unwrap().expect("every kernel has it");
        let mut header = String::new();
        c::Printer::new(&btf).roots([root.id()]).write(&mut header).unwrap();
        let whole = c::header(&btf).unwrap();
        assert!(header.len() < whole.len(), "{name}");
        let source = format!("{header}struct {name} it;\n");
        let object = clang::compile(clang, &source, &["-Wall", "-Werror"]);
        let compiled = Btf::parse(clang::btf_section(&object), None).unwrap();
        let found = compiled.find(Kind::Struct, name).unwrap().expect("it was compiled");
        assert_eq!(layout::of(&root).unwrap(), layout::of(&found).unwrap());
    }
}

/// What C must find true of enums of 64-bit values.
fn large_values(btf: &Btf) -> Vec<String> {
    let enums = btf.types().unwrap().map(Result::unwrap).filter(|ty| ty.kind() == Kind::Enum64);
    let values = enums.flat_map(|ty| ty.enumerators().map(Result::unwrap).collect::<Vec<_>>());
    let least = i128::from(i64::MIN);
    values
        .filter(|value| value.value() != least)
        .map(|value| {
            let end = if value.signed { "LL" } else { "ULL" };
            format!("{} == {}{end}", value.name, value.value())
        })
        .collect()
}
