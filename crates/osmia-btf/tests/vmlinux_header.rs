//! The header printed from a kernel's BTF, compiled: every struct, union and enum must come out of clang as it was.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osmia_btf::{Btf, Error, Kind, Type, TypeId, c};
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
    let defined = definitions(&header, &btf);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Compilers take time by the square of the types that they describe.
    for some in defined.chunks(2000) {
        let mut source = header.clone();
        for (number, name) in some.iter().enumerate() {
            writeln!(source, "{name} v_{number};").unwrap();
        }
        let object = clang::compile(clang, &source, &[]);
        let compiled = Btf::parse(clang::btf_section(&object), None).unwrap();
        for (name, mut more) in layouts(&compiled) {
            found.entry(name).or_default().append(&mut more);
        }
    }
    let expected = layouts(&btf);
    assert!(expected.len() > 1000, "a kernel has more types than {}", expected.len());
    for (name, layouts) in &expected {
        let mut found = found.remove(name).unwrap_or_else(|| panic!("{clang}: no {name}"));
        found.sort();
        found.dedup();
        assert_eq!(*layouts, found, "{clang}: {name}");
    }
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
        assert_eq!(layout(&root).unwrap(), layout(&found).unwrap());
    }
}

/// The C names of all structs, unions and enums that the header defines.
fn definitions(header: &str, btf: &Btf) -> Vec<String> {
    let mut names = Vec::new();
    for line in header.lines() {
        let Some(name) = line.strip_suffix(" {").or(line.strip_suffix(" {};")) else { continue };
        let is_tag = ["struct ", "union ", "enum "].iter().any(|word| name.starts_with(word));
        if is_tag {
            names.push(name.to_owned());
        }
    }
    for ty in btf.types().unwrap().map(Result::unwrap) {
        let target = btf.resolve(ty.id()).unwrap();
        if ty.kind() == Kind::Typedef && (target.is_composite() || target.is_enum()) {
            names.push(ty.name().to_owned());
        }
    }
    names
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

/// The layouts of all named structs, unions and enums, and of those behind a typedef, by name. Types that share
/// a name make a list.
fn layouts(btf: &Btf) -> BTreeMap<String, Vec<String>> {
    let mut layouts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ty in btf.types().unwrap().map(Result::unwrap) {
        let target = match ty.kind() {
            Kind::Typedef => btf.resolve(ty.id()).unwrap(),
            _ => ty,
        };
        if ty.name().is_empty() || !(target.is_composite() || target.is_enum() && target.vlen() > 0)
        {
            continue;
        }
        let key = format!("{} {}", ty.kind(), plain(ty.name()));
        layouts.entry(key.replace("ENUM64", "ENUM")).or_default().push(layout(&target).unwrap());
    }
    for list in layouts.values_mut() {
        list.sort();
        list.dedup();
    }
    layouts
}

/// A type's name without the number that tells it from others of the same name.
fn plain(name: &str) -> &str {
    match name.rsplit_once("___") {
        Some((plain, number)) if number.bytes().all(|b| b.is_ascii_digit()) => plain,
        _ => name,
    }
}

/// Everything that C decides about a struct, union or enum, as text.
fn layout(ty: &Type<'_>) -> Result<String, Error> {
    let mut text = String::new();
    describe(ty, 0, &mut text, 0)?;
    Ok(text)
}

fn describe(ty: &Type<'_>, base: u32, text: &mut String, depth: u32) -> Result<(), Error> {
    assert!(depth < 64);
    let btf = ty.btf();
    writeln!(text, "{} of {}", ty.kind().name().replace("ENUM64", "ENUM"), ty.own_size().unwrap())
        .unwrap();
    for value in ty.enumerators() {
        let value = value?;
        // Older compilers write the lower halves of 64-bit values only.
        writeln!(text, "{} = {}", plain(value.name), value.bits as u32).unwrap();
    }
    for member in ty.members() {
        let member = member?;
        let at = base + member.offset.0;
        let target = btf.resolve(member.ty)?;
        let fills_a_union = member.name.is_empty() && target.vlen() == 0;
        if member.name.starts_with("__padding_") || fills_a_union {
            continue;
        }
        write!(text, "{} at {at} width {:?} ", member.name, member.bitfield).unwrap();
        if target.is_composite() && (member.name.is_empty() || target.name().is_empty()) {
            describe(&target, at, text, depth + 1)?;
        } else {
            writeln!(text, "size {} {}", btf.size_of(member.ty)?, kind(btf, member.ty)?).unwrap();
        }
    }
    Ok(())
}

/// What a member is, down to the name of what it is made of.
fn kind(btf: &Btf, id: TypeId) -> Result<String, Error> {
    let ty = btf.resolve(id)?;
    Ok(match ty.array() {
        Some(array) => format!("{} x {}", array.len, kind(btf, array.element)?),
        None if ty.kind() == Kind::Enum64 => "ENUM".to_owned(),
        None => ty.kind().to_string(),
    })
}
