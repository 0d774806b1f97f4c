//! Objects compiled on demand.

use std::fs;

use osmia_testkit::{
    clang::Clang,
    fixture::{Cpu, Endian, Fixture},
};

#[test]
fn compiles_for_either_byte_order() {
    let Some(little) = Fixture::new("testkit").endian(Endian::Little).bytes() else { return };
    let Some(big) = Fixture::new("testkit").endian(Endian::Big).bytes() else { return };
    assert_eq!((little[5], big[5]), (1, 2), "EI_DATA");
    assert_eq!((little[18], big[19]), (247, 247), "EM_BPF");
}

#[test]
fn every_clang_compiles() {
    for clang in Clang::present() {
        let cpu = match clang {
            Clang::V16 => Cpu::V2,
            Clang::V19 => Cpu::V4,
            _ => Cpu::V3,
        };
        let Some(bytes) = Fixture::new("testkit").clang(clang).cpu(cpu).bytes() else { return };
        assert!(bytes.starts_with(b"\x7fELF"), "{clang}");
    }
}

#[test]
fn an_object_is_kept_until_its_source_changes() {
    let fixture = Fixture::new("testkit").define("ANSWER=42");
    let Some(path) = fixture.path() else { return };
    let changed = |path| fs::metadata(path).unwrap().modified().unwrap();
    let first = changed(&path);
    assert_eq!(fixture.path().as_ref(), Some(&path));
    assert_eq!(changed(&path), first, "compiled again for nothing");

    let record = path.with_extension("made-from");
    let text = fs::read_to_string(&record).unwrap();
    assert!(text.contains("testkit.bpf.c") && text.contains("bpf_helpers.h"), "{text}");
    fs::write(&record, text.replace("testkit.bpf.c\t", "testkit.bpf.c\t0")).unwrap();
    fixture.path().unwrap();
    assert!(changed(&path) > first, "not compiled again though the source is another");
}

#[test]
fn all_declared_fixtures_are_listed() {
    let declared = Fixture::declared().unwrap();
    assert!(declared.contains(&Fixture::new("testkit")));
    assert!(declared.contains(&Fixture::new("testkit").clang(Clang::V19).cpu(Cpu::V4)));
}

#[test]
#[should_panic(expected = "no such source")]
fn a_source_that_is_not_there_is_a_failure() {
    let _ = Fixture::new("no_such_thing").path();
}
