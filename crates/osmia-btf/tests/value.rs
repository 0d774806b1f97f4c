//! Bytes as text and JSON, and back.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;
mod sample;

use object::{Object as _, ObjectSection as _};
use osmia_btf::value::{self, Input, Json, Problem, Text};
use osmia_btf::{Bits, Btf, Builder, Endian, Int, Kind, Member, TypeId};
use osmia_testkit::clang::Clang;

/// One of everything, with values that a compiler puts where they belong.
const SOURCE: &str = r#"
typedef unsigned int u32;
enum color { NONE = -1, RED, BLUE = 7 };
enum huge { HUGE = 0x123456789abcdefULL };
struct inner { short a; char name[8]; };
struct all {
    char letter; signed char byte; unsigned short word; long big; unsigned __int128 wide;
    _Bool yes, no; enum color color, unknown; float single; double twice;
    struct inner list[2]; u32 grid[2][3]; char lines[2][4];
    int low : 3; u32 mid : 7; long high : 40; enum color tint : 4;
    union { u32 whole; unsigned char part[4]; }; struct { int x; } ; struct inner *pointer;
} v = {
    'a', -2, 65535, -5, ((unsigned __int128)1 << 100) + 1, 1, 0, BLUE, 99, 1.5f, -0.25,
    { { 1, "one" }, { -1, "eight888" } }, { { 1, 2, 3 }, { 4, 5, 6 } }, { "ab\n", "c" },
    -3, 100, -123456789012, BLUE, { 0x01010101 }, { 42 }, 0
};
enum huge h = HUGE;
"#;

const TEXT: &str = "{ letter: 'a', byte: -2, word: 65535, big: -5, wide: 1267650600228229401496703205377, \
yes: true, no: false, color: BLUE, unknown: 99, single: 1.5, twice: -0.25, \
list: [{ a: 1, name: \"one\" }, { a: -1, name: \"eight888\" }], grid: [[1, 2, 3], [4, 5, 6]], \
lines: [\"ab\\n\", \"c\"], low: -3, mid: 100, high: -123456789012, tint: BLUE, whole: 16843009, \
part: [1, 1, 1, 1], x: 42, pointer: 0x0 }";

const JSON: &str = r#"{"letter":97,"byte":-2,"word":65535,"big":-5,"wide":"1267650600228229401496703205377","yes":true,"no":false,"color":"BLUE","unknown":99,"single":1.5,"twice":-0.25,"list":[{"a":1,"name":"one"},{"a":-1,"name":"eight888"}],"grid":[[1,2,3],[4,5,6]],"lines":["ab\n","c"],"low":-3,"mid":100,"high":-123456789012,"tint":"BLUE","whole":16843009,"part":[1,1,1,1],"x":42,"pointer":"0x0"}"#;

#[test]
fn what_compilers_write() {
    for clang in Clang::present() {
        for target in ["bpfel", "bpfeb"] {
            let object = clang::compile(clang, SOURCE, &["-target", target]);
            let file = object::File::parse(&*object).unwrap();
            let data = file.section_by_name(".data").unwrap();
            let data = data.data().unwrap();
            let btf = Btf::parse(clang::btf_section(&object), None).unwrap();
            let all = btf.find(Kind::Struct, "all").unwrap().unwrap();
            let size = all.own_size().unwrap() as usize;
            let bytes = &data[..size];
            assert_eq!(value::to_text(&btf, all.id(), bytes).unwrap(), TEXT, "{clang} {target}");
            assert_eq!(value::to_json(&btf, all.id(), bytes).unwrap(), JSON, "{clang} {target}");
            for text in [TEXT, JSON] {
                let read = Input::parse(text).unwrap().encode(&btf, all.id()).unwrap();
                assert_eq!(value::to_text(&btf, all.id(), &read).unwrap(), TEXT);
                assert_eq!(read, bytes, "{clang} {target}");
            }
            variables(&btf, data, size);
        }
    }
}

/// A data section as a value, its places set as a linker would.
fn variables(btf: &Btf, data: &[u8], size: usize) {
    let section = btf.find(Kind::DataSec, ".data").unwrap().unwrap();
    let vars: Vec<_> = section
        .section_vars()
        .map(|mut var| {
            let name = btf.ty(var.var).unwrap().name();
            var.offset = if name == "v" { 0 } else { size as u32 };
            var
        })
        .collect();
    let mut builder = Builder::from_btf(btf).unwrap();
    builder.set_section(section.id(), data.len() as u32, &vars).unwrap();
    let btf = builder.build().unwrap();
    let text = value::to_text(&btf, section.id(), data).unwrap();
    assert!(text.starts_with(&format!("{{ v: {TEXT}, h: ")), "{text}");
    let mut changed = data.to_vec();
    let input = Input::parse("{ v: { mid: 5, list: [{ a: 9 }] } }").unwrap();
    input.write(&btf, section.id(), &mut changed).unwrap();
    let text = value::to_text(&btf, section.id(), &changed).unwrap();
    let expected = TEXT.replace("mid: 100", "mid: 5").replace("a: 1,", "a: 9,");
    assert!(text.starts_with(&format!("{{ v: {expected}, h: ")), "{text}");
}

#[test]
fn lines_of_their_own() {
    let (btf, node) = node();
    let bytes = [0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
    let mut text = Text::pretty();
    value::walk(&btf, node, &bytes, &mut text).unwrap();
    assert_eq!(text.into_string(), "{\n    next: 0x0,\n    value: 7\n}");
    let mut json = Json::pretty();
    value::walk(&btf, node, &bytes, &mut json).unwrap();
    assert_eq!(json.into_string(), "{\n  \"next\": \"0x0\",\n  \"value\": 7\n}");
}

fn node() -> (Btf, TypeId) {
    let btf = sample::every_kind(Endian::Little);
    let id = btf.find(Kind::Struct, "node").unwrap().unwrap().id();
    (btf, id)
}

#[test]
fn a_flexible_array_takes_what_is_left() {
    let mut b = Builder::new(Endian::Little);
    let int = b.int("int", sample::int(4, true)).unwrap();
    let char_ = b.int("char", Int { is_char: true, ..sample::int(1, false) }).unwrap();
    let text = b.array(char_, int, 0).unwrap();
    let words = b.array(int, int, 0).unwrap();
    let line = [sample::member("len", int, 0), sample::member("text", text, 4)];
    let line = b.composite(Kind::Struct, "line", 4, &line).unwrap();
    let list = [sample::member("len", int, 0), sample::member("words", words, 4)];
    let list = b.composite(Kind::Struct, "list", 4, &list).unwrap();
    let outer = [sample::member("first", line, 0), sample::member("last", list, 4)];
    let outer = b.composite(Kind::Struct, "outer", 8, &outer).unwrap();
    let btf = b.build().unwrap();
    let to_text = |id, bytes: &[u8]| value::to_text(&btf, id, bytes).unwrap();
    assert_eq!(to_text(line, b"\x02\0\0\0hi\0garbage"), "{ len: 2, text: \"hi\" }");
    assert_eq!(to_text(list, &[1, 0, 0, 0]), "{ len: 1, words: [] }");
    let bytes = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0];
    assert_eq!(to_text(list, &bytes), "{ len: 1, words: [2, 3] }");
    assert_eq!(
        to_text(outer, &bytes),
        "{ first: { len: 1, text: \"\" }, last: { len: 2, words: [3] } }"
    );
    let write = |id, text: &str, mut bytes: Vec<u8>| {
        Input::parse(text).unwrap().write(&btf, id, &mut bytes).map(|()| bytes)
    };
    let written = write(list, "{ words: [7, 8] }", vec![1; 12]).unwrap();
    assert_eq!(written, [1, 1, 1, 1, 7, 0, 0, 0, 8, 0, 0, 0]);
    let written = write(outer, "{ last: { words: [9] } }", vec![0; 12]).unwrap();
    assert_eq!(written, [0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
    // A union's members may take all of it, at whatever depth.
    let many = b.array(char_, int, 4).unwrap();
    let room = [sample::member("list", list, 0), sample::member("bytes", many, 0)];
    let room = b.composite(Kind::Union, "room", 16, &room).unwrap();
    let last = [sample::member("first", int, 0), sample::member("room", room, 4)];
    let last = b.composite(Kind::Struct, "last", 20, &last).unwrap();
    let deep = b.composite(Kind::Struct, "deep", 20, &[sample::member("last", last, 0)]).unwrap();
    let btf = b.build().unwrap();
    let bytes: Vec<u8> = (1..=20).collect();
    let text = value::to_text(&btf, deep, &bytes).unwrap();
    let read = Input::parse(&text).unwrap().encode(&btf, deep).unwrap();
    assert_eq!(read, bytes, "{text}");
    // What stands in front of something else has no room.
    assert!(write(outer, r#"{ first: { text: "a" } }"#, vec![0; 12]).is_err());
    let error = write(list, "{ words: [1, 2, 3] }", vec![0; 12]).unwrap_err().to_string();
    assert!(error.contains("which has room for 2 here"), "{error}");
}

#[test]
fn old_bitfields() {
    for (endian, bytes) in [(Endian::Little, [0xa0, 0x05, 0, 0]), (Endian::Big, [0x05, 0xa0, 0, 0])]
    {
        let mut b = Builder::new(endian);
        let bits = b.int("int", Int { bits: 7, offset: 5, ..sample::int(4, false) }).unwrap();
        let member = Member { name: "x", ty: bits, offset: Bits(0), bitfield: None };
        let old = b.composite(Kind::Struct, "old", 4, &[member]).unwrap();
        let btf = b.build().unwrap();
        let expected = if endian == Endian::Little { "{ x: 45 }" } else { "{ x: 90 }" };
        assert_eq!(value::to_text(&btf, old, &bytes).unwrap(), expected);
        let written = Input::parse(expected).unwrap().encode(&btf, old).unwrap();
        assert_eq!(written[..2], bytes[..2], "{endian:?}");
    }
}

#[test]
fn text_that_is_none() {
    let mut b = Builder::new(Endian::Little);
    let char_ = b.int("char", sample::int(1, true)).unwrap();
    let text = b.array(char_, char_, 8).unwrap();
    let btf = b.build().unwrap();
    let bytes = b"a\"\xff\x01\\\0zz";
    assert_eq!(value::to_text(&btf, text, bytes).unwrap(), r#""a\"\xff\x01\\""#);
    assert_eq!(value::to_json(&btf, text, bytes).unwrap(), "\"a\\\"\u{fffd}\\u0001\\\\\"");
    let back = Input::parse(r#""a\"\xff\x01\\""#).unwrap().encode(&btf, text).unwrap();
    assert_eq!(back, b"a\"\xff\x01\\\0\0\0");
    assert_eq!(value::to_text(&btf, text, b"12345678").unwrap(), "\"12345678\"");
}

#[test]
fn what_does_not_fit_is_named() {
    let (btf, node) = node();
    let either = btf.find(Kind::Union, "either").unwrap().unwrap().id();
    let color = btf.find(Kind::Enum, "color").unwrap().unwrap().id();
    let flags = btf.find(Kind::Struct, "flags").unwrap().unwrap().id();
    let function = btf.find(Kind::Func, "main").unwrap().unwrap().id();
    for (id, input, error) in [
        (
            node,
            "{ value: 2147483648 }",
            "value: 2147483648 does not fit int, which holds -2147483648 to 2147483647",
        ),
        (
            node,
            "{ value: -2147483649 }",
            "value: -2147483649 does not fit int, which holds -2147483648 to 2147483647",
        ),
        (
            node,
            "{ value: 0x100000000 }",
            "value: 0x100000000 does not fit int, which holds -2147483648 to 2147483647",
        ),
        (node, "{ valu: 1 }", "valu: struct node has no valu; it has next, value"),
        (
            node,
            "{ next: -1 }",
            "next: -1 does not fit struct node *, which holds 0 to 18446744073709551615",
        ),
        (node, "5", "struct node takes fields in braces, not a number"),
        (flags, "{ low: 4 }", "low: 4 does not fit int, which holds -4 to 3"),
        (either, "{ words: [1, 2, 3, 4, 5] }", "words: 5 do not fit int[4]"),
        (either, "{ words: [1, RED] }", "words[1]: int takes a number, not a name"),
        (either, "{ node: { value: [] } }", "node.value: int takes a number, not a list"),
        (color, "GREEN", "enum color has no GREEN; it has NONE, BLUE"),
        (function, "1", "type [22] (FUNC) has no values"),
    ] {
        let found = Input::parse(input).unwrap().encode(&btf, id).unwrap_err();
        assert_eq!(found.to_string(), error, "{input}");
    }
    assert_eq!(Input::parse("-4294967295").unwrap().encode(&btf, color).unwrap_err().path(), "");
    assert_eq!(Input::parse("0xffffffff").unwrap().encode(&btf, color).unwrap(), [0xff; 4]);
    let short = value::to_text(&btf, node, &[0; 15]).unwrap_err();
    assert_eq!(short.problem(), &Problem::Short { need: 16, have: 15 });
    assert!(matches!(
        value::to_text(&btf, function, &[0; 15]).unwrap_err().problem(),
        Problem::NoValues { .. }
    ));
}

#[test]
fn few_bytes_do_not_become_much_text() {
    let mut b = Builder::new(Endian::Little);
    let int = b.int("int", sample::int(4, true)).unwrap();
    let mut inner = int;
    for _ in 0..24 {
        let members = [sample::member("a", inner, 0), sample::member("b", inner, 0)];
        inner = b.composite(Kind::Union, "bomb", 4, &members).unwrap();
    }
    let empty = b.composite(Kind::Struct, "empty", 0, &[]).unwrap();
    let many = b.array(empty, int, u32::MAX).unwrap();
    let far = b.composite(Kind::Struct, "far", 4, &[sample::member("x", int, 1 << 20)]).unwrap();
    let next = b.next_id();
    let circle = b.composite(Kind::Struct, "circle", 4, &[sample::member("c", next, 0)]).unwrap();
    let btf = b.build().unwrap();
    assert_eq!(value::to_text(&btf, inner, &[0; 4]).unwrap_err().problem(), &Problem::TooMuch);
    assert_eq!(value::to_text(&btf, many, &[]).unwrap(), "[]");
    assert_eq!(
        value::to_text(&btf, far, &[0; 4]).unwrap_err().to_string(),
        "x: needs 1048580 bytes, there are 4"
    );
    assert_eq!(value::to_text(&btf, circle, &[0; 4]).unwrap_err().problem(), &Problem::TooMuch);
    assert!(Input::parse("{ x: 1 }").unwrap().encode(&btf, far).is_err());
}

/// Parts that plans know, in all places where they can be.
const PLAIN: &str = r"
enum color { NONE = -1, RED, BLUE = 7 };
enum level { LOW, HIGH = 200 } __attribute__((packed));
enum huge { HUGE = 0x123456789abcdefULL };
struct inner { short a; char name[8]; enum level level; };
struct plain {
    char letter; signed char byte; unsigned short word; long big; _Bool yes;
    enum color color; enum huge huge; float single; double twice;
    struct inner list[2]; unsigned grid[2][3]; char lines[2][4]; unsigned char bytes[3];
    union { unsigned whole; short half; }; struct { int x; }; union { int u; float f; } named;
    struct inner *pointer; void (*function)(int);
} v;
enum color c; long l; char text[16]; unsigned char raw[4];
";

#[test]
fn plans_write_what_the_walk_does() {
    let mut compared = 0;
    for clang in Clang::present() {
        for target in ["bpfel", "bpfeb"] {
            let object = clang::compile(clang, PLAIN, &["-target", target]);
            let btf = Btf::parse(clang::btf_section(&object), None).unwrap();
            let mut state = 1_u64;
            for ty in btf.own_types().unwrap() {
                let ty = ty.unwrap();
                let Some(json) = value::Plan::json(&btf, ty.id()) else { continue };
                let text = value::Plan::text(&btf, ty.id()).unwrap();
                let size = btf.size_of(ty.id()).unwrap() as usize;
                for round in 0..64_u64 {
                    let byte = || {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        // Small numbers are names of enums, and truth values.
                        ((state >> 56) & if round % 2 == 0 { 0xff } else { 0x07 }) as u8
                    };
                    let bytes: Vec<u8> = std::iter::repeat_with(byte).take(size).collect();
                    let mut written = [String::new(), String::new()];
                    assert!(
                        json.write(&bytes, &mut written[0]) && text.write(&bytes, &mut written[1])
                    );
                    assert_eq!(written[0], value::to_json(&btf, ty.id(), &bytes).unwrap());
                    assert_eq!(written[1], value::to_text(&btf, ty.id(), &bytes).unwrap());
                    compared += 1;
                }
                let mut none = String::new();
                let short = vec![0; size.saturating_sub(1)];
                assert!(size == 0 || !json.write(&short, &mut none) && none.is_empty());
            }
            let plain = btf.find(Kind::Struct, "plain").unwrap().unwrap();
            assert!(value::Plan::json(&btf, plain.id()).is_some());
        }
    }
    assert!(compared > 500 || Clang::present().is_empty(), "{compared}");
}

#[test]
fn what_is_not_plain_is_not_planned() {
    for clang in Clang::present() {
        let object = clang::compile(clang, SOURCE, &["-target", "bpfel"]);
        let btf = Btf::parse(clang::btf_section(&object), None).unwrap();
        let all = btf.find(Kind::Struct, "all").unwrap().unwrap();
        assert!(value::Plan::json(&btf, all.id()).is_none(), "it has fields of bits");
        assert!(value::Plan::json(&btf, TypeId(0)).is_none(), "void has no values");
    }
}
