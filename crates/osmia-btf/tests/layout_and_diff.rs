//! Layouts, members by path, and what changed between two BTFs.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;
mod sample;

use osmia_btf::diff::{self, Fate};
use osmia_btf::layout::Layout;
use osmia_btf::value::{self, Input};
use osmia_btf::{Bits, Btf, Endian, Kind, Type};
use osmia_testkit::clang::Clang;
use osmia_testkit::skip;

/// Two versions of some types, as a kernel's might be.
const OLD: &str = "
struct iovec { void *base; unsigned long len; };
struct iov_iter { char type; unsigned long offset; unsigned long count; union { const struct iovec *iov; void *ubuf; }; int : 32; };
struct gone { int a; };
struct moved { int a; int b : 3; int c : 5; char name[8]; };
enum mode { READ, WRITE, OLD_ONE };
typedef int number_t;
int function(int a) { return a; }
struct iov_iter a; struct gone b; struct moved c; enum mode d; number_t e;
";
const NEW: &str = "
struct iovec { void *base; unsigned long len; };
struct iov_iter { char type; _Bool user; unsigned long offset; union { struct iovec ubuf_iovec; struct { union { const struct iovec *__iov; void *ubuf; }; unsigned long count; }; }; };
struct come { int a; };
struct moved { int b : 4; int c : 5; long a; char name[16]; struct { int x; int y; } place; };
enum mode { READ, WRITE = 2, NEW_ONE = 3 };
typedef long number_t;
int function(int a, int b) { return a + b; }
struct iov_iter a; struct come b; struct moved c; enum mode d; number_t e;
";

fn compiled(source: &str) -> Option<Btf> {
    let clang = *Clang::present().first()?;
    let object = clang::compile(clang, source, &[]);
    Some(Btf::parse(clang::btf_section(&object), None).unwrap())
}

#[test]
fn what_became_of_everything() {
    let (Some(old), Some(new)) = (compiled(OLD), compiled(NEW)) else { return };
    let mut text = Vec::new();
    for diff in diff::diff(&old, &new).unwrap() {
        let what = format!("{} {}", diff.kind, diff.name);
        match diff.fate {
            Fate::Added => text.push(format!("{what}: added")),
            Fate::Removed => text.push(format!("{what}: removed")),
            Fate::Changed(changes) => {
                text.extend(changes.iter().map(|change| format!("{what}: {change}")));
            }
        }
    }
    assert_eq!(
        text,
        [
            "STRUCT come: added",
            "STRUCT gone: removed",
            "STRUCT iov_iter: size 40 -> 32",
            "STRUCT iov_iter: count: at 16 -> 24",
            "STRUCT iov_iter: ubuf: at 24 -> 16",
            "STRUCT iov_iter: renamed iov -> __iov at 16",
            "STRUCT iov_iter: added _Bool user at 1",
            "STRUCT iov_iter: added struct iovec ubuf_iovec at 16",
            "STRUCT iovec: added",
            "STRUCT moved: size 16 -> 40",
            "STRUCT moved: a: type int -> long",
            "STRUCT moved: a: at 0 -> 8",
            "STRUCT moved: a: size 4 -> 8",
            "STRUCT moved: b: at 4 -> 0",
            "STRUCT moved: b: bits 3 -> 4",
            "STRUCT moved: c: at 4:3 -> 0:4",
            "STRUCT moved: name: type char[8] -> char[16]",
            "STRUCT moved: name: at 5 -> 16",
            "STRUCT moved: name: size 8 -> 16",
            "STRUCT moved: added int x in place at 32",
            "STRUCT moved: added int y in place at 36",
            "STRUCT moved: added struct { ... } place at 32",
            "ENUM mode: WRITE = 1 -> 2",
            "ENUM mode: removed OLD_ONE = 2",
            "ENUM mode: added NEW_ONE = 3",
            "TYPEDEF number_t: int number_t -> long number_t",
            "FUNC function: int function(int a) -> int function(int a, int b)",
            "VAR b: struct gone b -> struct come b",
        ]
    );
    assert_eq!(diff::diff(&new, &new).unwrap(), []);
}

#[test]
fn a_kernel_is_as_it_is() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        return skip::whole("this kernel has no BTF");
    };
    let btf = Btf::parse(bytes.into(), None).unwrap();
    assert_eq!(diff::diff(&btf, &btf).unwrap(), []);
    let composites = btf.types().unwrap().map(Result::unwrap).filter(Type::is_composite);
    for ty in composites.step_by(50) {
        let layout = Layout::of(&btf, ty.id()).unwrap();
        let text = layout.to_string();
        assert!(text.ends_with("};\n"), "{text}");
        for slot in layout.slots.iter().filter(|slot| !slot.name.is_empty()) {
            let place = btf.member(ty.id(), &slot.name).unwrap();
            assert_eq!(
                (place.offset, place.ty),
                (slot.offset, slot.ty),
                "{} {}",
                ty.name(),
                slot.name
            );
        }
    }
}

#[test]
fn a_layout_shows_holes_and_cache_lines() {
    let Some(btf) = compiled(
        "struct deep { int first; struct { char a; long b; }; union { int c; char d[3]; } u; \
         char e; int f : 3; int g : 7; short h; char rest[90]; long last; } v;",
    ) else {
        return;
    };
    let deep = btf.find(Kind::Struct, "deep").unwrap().unwrap();
    let layout = Layout::of(&btf, deep.id()).unwrap();
    assert_eq!(layout.to_string(), include_str!("golden/deep.layout"));
    let rest = &layout.slots[7];
    assert_eq!((rest.name.as_str(), rest.offset, rest.bits), ("rest", Bits(34 * 8), 90 * 8));
    let plain = layout.with_cache_lines(0).to_string();
    assert!(!plain.contains("cache line"), "{plain}");
    let enumeration = btf.find(Kind::Int, "int").unwrap().unwrap();
    assert!(Layout::of(&btf, enumeration.id()).is_err());
}

#[test]
fn members_by_path() {
    let Some(btf) = compiled(
        "struct in { int x : 3; int y : 5; char name[4]; }; \
         struct out { long a; union { struct { struct in list[2][3]; }; int plain; }; int flex[]; } v = { 1 }; \
         struct out w = { 2 };",
    ) else {
        return;
    };
    let out = btf.find(Kind::Struct, "out").unwrap().unwrap().id();
    let at = |path: &str| {
        let place = btf.member(out, path).unwrap();
        (place.offset.to_string(), place.bitfield)
    };
    assert_eq!(at("a"), ("0".into(), None));
    assert_eq!(at("plain"), ("8".into(), None));
    assert_eq!(at("list"), ("8".into(), None));
    assert_eq!(at("list[1][2].y"), ("48:3".into(), Some(5)));
    assert_eq!(at("list[0][1].name[3]"), ("20".into(), None));
    assert_eq!(at("flex[10]"), ("96".into(), None));
    assert_eq!(at(""), ("0".into(), None));
    for (path, error) in [
        ("b", "struct out has no b"),
        ("lst", "struct out has no lst; near it there is list"),
        ("list[2]", "struct in[2][3] has no element 2"),
        ("a.b", "long has no members, so no b"),
        ("a[0]", "long has no element 0"),
        ("list[x]", "\"list[x]\" at character 4: this is no index"),
        ("list[1", "\"list[1\" at character 4: `]` is missing"),
        ("list[1]x", "\"list[1]x\" at character 7: `.` or `[` is missing"),
        ("list..x", "\"list..x\" at character 5: a name is missing"),
        (".a", "\".a\" at character 0: `.` or `[` is missing"),
        ("flex[4000000000]", "type [3]: an element's offset is too large"),
    ] {
        let found = btf.member(out, path).unwrap_err().to_string();
        assert!(
            found == error || path.starts_with("flex") && found.ends_with("is too large"),
            "{path}: {found}"
        );
    }
    let data = btf.find(Kind::DataSec, ".data").unwrap().unwrap().id();
    assert!(btf.member(data, "v.list[1]").is_ok());
    assert!(btf.member(data, "x").unwrap_err().to_string().starts_with(".data has no x"));
}

#[test]
fn parts_of_a_value_can_be_set() {
    let btf = sample::every_kind(Endian::Little);
    let flags = btf.find(Kind::Struct, "flags").unwrap().unwrap().id();
    let mut bytes = vec![0; 8];
    let set = |path: &str, text: &str, bytes: &mut Vec<u8>| {
        Input::parse(text).unwrap().write_at(&btf, flags, path, bytes)
    };
    set("high", "5", &mut bytes).unwrap();
    set("whole", "-1", &mut bytes).unwrap();
    assert_eq!(value::to_text(&btf, flags, &bytes).unwrap(), "{ low: 0, high: 5, whole: -1 }");
    let error = set("high", "5000", &mut bytes).unwrap_err();
    assert_eq!(error.to_string(), "high: 5000 does not fit int, which holds -4096 to 4095");
    let error = set("hihg", "5", &mut bytes).unwrap_err();
    assert_eq!(error.to_string(), "struct flags has no hihg; near it there is high");
    assert!(set("whole", "1", &mut vec![0; 4]).is_err());
}
