//! Files that do not make one object, and what is said of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod parts;

use osmia_link::{Error, ObjectFile, link};
use osmia_object::ObjectSpec;
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

/// The object that does not fit, with this macro defined.
fn conflicting(define: &str) -> Option<ObjectFile> {
    let bytes = Fixture::new("parts_conflict").define(define).bytes()?;
    Some(ObjectFile::new(format!("{define}.o"), bytes))
}

/// What is said of it when it comes behind the others, and before them.
fn refusals(define: &str) -> Option<[String; 2]> {
    let parts = parts::of(Clang::DEFAULT, Endian::NATIVE);
    let other = conflicting(define)?;
    let behind = [parts.clone(), vec![other.clone()]].concat();
    let before = [vec![other], parts].concat();
    Some([behind, before].map(|objects| link(&objects).unwrap_err().to_string()))
}

#[test]
fn contradictions_name_both_files() {
    let expected = [
        (
            "TWICE",
            "scale is defined in parts_count.o and in TWICE.o: make one of them __weak or static, \
             or only declare it (extern)",
        ),
        ("PROTOTYPE", "the declarations of scale of parts_count.o and PROTOTYPE.o do not agree"),
        ("KIND", "it is a function in the one, a variable in the other"),
        ("VARIABLE", "'unsigned long long' and 'unsigned int'"),
        ("STRUCT", "the declarations of base of parts_entry.o and STRUCT.o do not agree"),
        ("ARRAY", "the declarations of base of parts_entry.o and ARRAY.o do not agree"),
        ("MAP_TYPE", "counts of parts_count.o and MAP_TYPE.o do not agree: type: 2 and 1"),
        ("MAP_VALUE", "counts of parts_count.o and MAP_VALUE.o do not agree: value: "),
        ("MAP_FIELD", "'map_flags' is only where the map is declared"),
        (
            "LICENSE_TEXT",
            "the sections license of parts_entry.o and LICENSE_TEXT.o do not agree: 'GPL' and \
             'Dual MIT/GPL'",
        ),
        (
            "COMMON",
            "COMMON.o: symbol tentative in section (none): it is in no section: give it an \
             initial value, or compile with -fno-common",
        ),
    ];
    for (define, text) in expected {
        let Some([behind, before]) = refusals(define) else { return };
        assert!(behind.contains(text), "{define}: {behind}");
        assert!(before.contains(&format!("{define}.o")), "{define}: {before}");
    }
}

#[test]
fn declarations_may_say_less() {
    let parts = parts::of(Clang::DEFAULT, Endian::NATIVE);
    let Some(other) = conflicting("FITS") else { return };
    for objects in [[parts.clone(), vec![other.clone()]].concat(), [vec![other], parts].concat()] {
        let linked = link(&objects).unwrap_or_else(|error| panic!("{error}"));
        let spec = ObjectSpec::parse("linked", linked.into()).unwrap();
        assert_eq!(spec.maps["counts"].max_entries, 2, "the definition counts");
        let scale: Vec<_> = spec.functions.iter().filter(|one| one.name == "scale").collect();
        assert_eq!(scale.len(), 1, "the weak one yields");
        assert!(scale[0].insns.len() > 2);
        spec.link("conflicting").unwrap();
    }
}

#[test]
fn versions_must_be_the_same() {
    let (Some(one), Some(two)) = (conflicting("VERSION=1"), conflicting("VERSION=2")) else {
        return;
    };
    let text = link(&[one, two]).unwrap_err().to_string();
    assert!(text.starts_with("the sections version of VERSION=1.o and VERSION=2.o"), "{text}");
}

#[test]
fn byte_orders_are_not_mixed() {
    let (little, big) =
        (parts::of(Clang::DEFAULT, Endian::Little), parts::of(Clang::DEFAULT, Endian::Big));
    let (Some(one), Some(other)) = (little.first(), big.last()) else { return };
    let text = link(&[one.clone(), other.clone()]).unwrap_err().to_string();
    assert!(text.starts_with("the byte orders of parts_entry.o and parts_deep.o"), "{text}");
}

#[test]
fn what_is_no_object_is_said_so() {
    assert_eq!(link(&[]), Err(Error::Nothing));
    let text = link(&[ObjectFile::new("a.c", &b"int main;"[..])]).unwrap_err().to_string();
    assert!(text.starts_with("a.c: not an ELF object: it is text"), "{text}");
}
