//! The same files linked by bpftool.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod parts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use osmia_link::{ObjectFile, link};
use osmia_object::ObjectSpec;
use osmia_object::elf::{Elf, Place};
use osmia_testkit::fixture::Endian;
use osmia_testkit::skip;

/// Links files as bpftool does; nothing, and a counted skip, if it is not installed.
fn bpftool(folder: &Path, objects: &[ObjectFile]) -> Option<Vec<u8>> {
    let out = folder.join("linked.o");
    let files: Vec<PathBuf> = objects.iter().map(|object| folder.join(&object.name)).collect();
    for (file, object) in files.iter().zip(objects) {
        std::fs::write(file, &object.bytes).unwrap();
    }
    let tool = Command::new("bpftool").args(["gen", "object"]).arg(&out).args(&files).output();
    let Ok(tool) = tool else {
        skip::tool("bpftool is not installed");
        return None;
    };
    assert!(tool.status.success(), "{}", String::from_utf8_lossy(&tool.stderr));
    Some(std::fs::read(out).unwrap())
}

/// Sections with code or data: name, flags, alignment, size and contents.
fn sections(bytes: &[u8]) -> Vec<(String, u64, u64, u64)> {
    let elf = Elf::read(bytes).unwrap();
    let sections = elf.sections.iter().filter(|section| section.flags & 2 != 0);
    let mut sections: Vec<_> =
        sections.map(|s| (s.name.to_owned(), s.flags, s.align, s.size)).collect();
    sections.sort();
    sections
}

/// Symbols of functions, variables and externs.
fn symbols(bytes: &[u8]) -> BTreeSet<String> {
    let elf = Elf::read(bytes).unwrap();
    let named = elf.symbols.iter().filter(|symbol| {
        !symbol.name.is_empty() && (matches!(symbol.kind, 1 | 2) || symbol.is_extern())
    });
    let all = named.map(|symbol| {
        let section = match symbol.place {
            Place::Section(section) => elf.sections[section].name,
            _ => "",
        };
        format!(
            "{} {section} {} {} {} {} {}",
            symbol.name, symbol.value, symbol.size, symbol.kind, symbol.binding, symbol.hidden
        )
    });
    all.collect()
}

fn compare(label: &str, ours: &[u8], theirs: &[u8]) {
    assert_eq!(sections(ours), sections(theirs), "{label}");
    assert_eq!(symbols(ours), symbols(theirs), "{label}");
    let open = |bytes: &[u8]| ObjectSpec::parse("linked", bytes.to_vec().into()).unwrap();
    let (ours, theirs) = (open(ours), open(theirs));
    let names = |spec: &ObjectSpec| spec.programs.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs), "{label}");
    for name in ours.programs.keys() {
        let (one, other) = (ours.link(name).unwrap(), theirs.link(name).unwrap());
        assert_eq!(one.insns, other.insns, "{label}: {name}");
        assert_eq!(one.relocations, other.relocations, "{label}: {name}");
        let lines = |linked: &osmia_object::LinkedProgram| {
            linked.lines.iter().map(|line| (line.at, line.info.line)).collect::<Vec<_>>()
        };
        assert_eq!(lines(&one), lines(&other), "{label}: {name}");
        let core = |spec: &ObjectSpec, linked: &osmia_object::LinkedProgram| {
            let btf = spec.btf.clone().unwrap();
            let record = |one: &osmia_object::CoreRelocation| {
                let access = btf.string(one.record.access).unwrap().to_owned();
                let ty = btf.ty(one.record.ty).unwrap().name().to_owned();
                (one.at, ty, access, one.record.kind)
            };
            linked.core.iter().map(record).collect::<Vec<_>>()
        };
        assert_eq!(core(&ours, &one), core(&theirs, &other), "{label}: {name}");
    }
    for (name, map) in &ours.maps {
        let other = &theirs.maps[name];
        let sizes = |map: &osmia_object::MapSpec| {
            (map.map_type, map.key_size, map.value_size, map.max_entries, map.contents.clone())
        };
        assert_eq!(sizes(map), sizes(other), "{label}: {name}");
    }
    assert!(ours.externs.keys().collect::<BTreeSet<_>>() == theirs.externs.keys().collect());
}

#[test]
fn both_link_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (label, objects) in parts::all() {
        // It takes objects of this machine's byte order alone.
        if label.ends_with(Endian::NATIVE.to_string().as_str()) {
            let Some(theirs) = bpftool(folder.path(), &objects) else { return };
            let ours = link(&objects).unwrap();
            compare(&label, &ours, &theirs);
            // Each takes what the other has made.
            let again = [ObjectFile::new("again.o", ours.clone())];
            compare(&label, &ours, &bpftool(folder.path(), &again).unwrap());
            let again = link(&[ObjectFile::new("again.o", theirs.clone())]).unwrap();
            compare(&label, &again, &theirs);
        }
    }
}
