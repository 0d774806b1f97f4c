//! Types as C.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;
mod layout;
mod sample;

use std::fmt::Write as _;

use osmia_btf::{Btf, Builder, Endian, Enumerator, Error, Kind, Linkage, Param, TypeId, c};
use osmia_testkit::clang::Clang;

/// Types that are hard to print, in C that can be compiled alone.
const HARD: &str = r"
typedef unsigned int u32;
typedef unsigned long long u64;
struct bits { int a : 3; u32 b : 7; unsigned char c; u64 d : 40; _Bool e : 1; enum { RED, BLUE } f : 2; };
struct crossing { unsigned char a; u64 b : 57; u32 c : 30; } __attribute__((packed));
struct packed { char a; int b; short c; } __attribute__((packed));
struct packed_to_four { char a; int b; } __attribute__((packed, aligned(4)));
struct aligned { int a; } __attribute__((aligned(64)));
struct far { char a; int b __attribute__((aligned(4096))); };
struct holds_them { char a; struct packed b; char c; struct aligned d; struct packed_to_four e; };
struct flexible { int len; char data[]; };
struct holds_flexible { struct flexible head; u64 tail; };
struct zero { int none[0]; int one; };
struct empty {};
struct holds_empty { struct empty e; int a; };
struct nested { int a; union { struct { char b; long c; }; struct { int d[2]; } e; }; struct { int f; } g[3][2]; };
union wide { char a; int b; } __attribute__((aligned(32)));
union odd { char a[5]; short b; } __attribute__((packed));
enum tiny { TINY = 1 } __attribute__((packed));
enum signed_one { MINUS = -5, PLUS = 5 };
enum unsigned_one { TOP = 0xffffffffu };
struct enums { enum tiny a; enum signed_one b; enum unsigned_one c; enum tiny d[3]; };
struct list { struct list *next, **pprev; struct other *unknown; };
struct list2 { struct list head; };
typedef int (*compare_t)(const void *, const void *, ...);
typedef struct { compare_t f; int (*(*g)(int (*)(char), struct bits *b))(void); void (*table[4])(void); } ops_t;
struct uses_ops { const ops_t *ops; ops_t own; volatile const char *const *restrict names; const u32 fixed[2][3]; };
struct wide_ints { __int128 a; char b; unsigned __int128 c; };
struct floats { float a; double b; char c; };
typedef struct bits bits_t;
struct through_typedef { bits_t a; bits_t *b; };
struct first_used_by_pointer; struct holder { struct first_used_by_pointer *p; };
struct first_used_by_pointer { struct holder h; };
";

#[test]
fn hard_types_survive_two_compilers() {
    for clang in Clang::present() {
        for endian in ["bpfel", "bpfeb"] {
            let source = with_variables(HARD, &definitions(HARD));
            let first = clang::compile(clang, &source, &["-target", endian]);
            let btf = Btf::parse(clang::btf_section(&first), None).unwrap();
            let header = c::header(&btf).unwrap();
            let again = with_variables(&header, &layout::definitions(&header, &btf));
            let flags = ["-target", endian, "-Wall", "-Wextra", "-Werror"];
            let second = clang::compile(clang, &again, &flags);
            let compiled = Btf::parse(clang::btf_section(&second), None).unwrap();
            let (expected, found) = (layout::all(&btf), layout::all(&compiled));
            assert!(expected.len() >= 29, "{}", expected.len());
            for (name, layout) in &expected {
                assert_eq!(Some(layout), found.get(name), "{clang} {endian}: {name}\n{header}");
            }
        }
    }
}

/// The names behind which a body begins.
fn definitions(source: &str) -> Vec<String> {
    let lines = source.lines().filter(|line| line.contains('{'));
    let tags = lines.filter(|line| !line.starts_with("typedef"));
    let tag = |line: &str| line.split(" {").next().unwrap().to_owned();
    tags.map(tag)
        .map(|tag| tag.rsplit("; ").next().unwrap().to_owned())
        .chain(["ops_t".to_owned()])
        .collect()
}

fn with_variables(source: &str, types: &[String]) -> String {
    let mut source = source.to_owned();
    for (number, name) in types.iter().enumerate() {
        writeln!(source, "{name} v_{number};").unwrap();
    }
    source
}

#[test]
fn every_kind_compiles() {
    let btf = sample::every_kind(Endian::host());
    let header = c::header(&btf).unwrap();
    assert!(header.contains("struct node {\n\tstruct node *next;\n\tint value __attribute__((btf_decl_tag(\"tagged\")));\n};"), "{header}");
    assert!(header.contains("struct elsewhere;\n"), "{header}");
    assert!(
        header.contains("enum large {\n\tSMALL = 1ULL,\n\tHUGE = 18446744073709551615ULL,\n};"),
        "{header}"
    );
    for clang in Clang::present() {
        clang::compile(clang, &header, &["-Wall", "-Wextra", "-Werror"]);
    }
}

#[test]
fn declarations() {
    let mut b = Builder::new(Endian::host());
    let int = b.int("int", sample::int(4, true)).unwrap();
    let sock = b.composite(Kind::Struct, "sock", 8, &[]).unwrap();
    let sk = b.pointer(sock).unwrap();
    let constant = b.modifier(Kind::Const, "", sk).unwrap();
    let constant_array = b.array(constant, int, 3).unwrap();
    let array_constant = b.modifier(Kind::Const, "", constant_array).unwrap();
    let to_array = b.pointer(array_constant).unwrap();
    let params = [
        Param { name: "sk", ty: sk },
        Param { name: "", ty: int },
        Param { name: "", ty: TypeId::VOID },
    ];
    let prototype = b.prototype(int, &params).unwrap();
    let callback = b.pointer(prototype).unwrap();
    let nothing = b.prototype(TypeId::VOID, &[]).unwrap();
    let returns = b.prototype(callback, &[Param { name: "f", ty: callback }]).unwrap();
    let returns = b.pointer(returns).unwrap();
    let table = b.array(callback, int, 2).unwrap();
    let tagged = b.modifier(Kind::TypeTag, "user", sock).unwrap();
    let user = b.pointer(tagged).unwrap();
    let restrict = b.modifier(Kind::Restrict, "", user).unwrap();
    let function = b.function("tcp_connect", prototype, Linkage::Static).unwrap();
    let variable = b.variable("jiffies", int, Linkage::Global).unwrap();
    let anonymous = b.composite(Kind::Union, "", 4, &[sample::member("x", int, 0)]).unwrap();
    let odd = b.int("u24", sample::int(3, false)).unwrap();
    let rust = b.int("u32", sample::int(4, false)).unwrap();
    let btf = b.build().unwrap();
    for (id, name, expected) in [
        (int, "x", "int x"),
        (int, "", "int"),
        (sk, "sk", "struct sock *sk"),
        (sk, "", "struct sock *"),
        (constant, "sk", "struct sock *const sk"),
        (constant_array, "all", "struct sock *const all[3]"),
        (array_constant, "all", "struct sock *const all[3]"),
        (to_array, "all", "struct sock *const (*all)[3]"),
        (prototype, "f", "int f(struct sock *sk, int, ...)"),
        (callback, "f", "int (*f)(struct sock *sk, int, ...)"),
        (callback, "", "int (*)(struct sock *sk, int, ...)"),
        (nothing, "f", "void f(void)"),
        (
            returns,
            "g",
            "int (*(*g)(int (*f)(struct sock *sk, int, ...)))(struct sock *sk, int, ...)",
        ),
        (table, "t", "int (*t[2])(struct sock *sk, int, ...)"),
        (user, "p", "struct sock __attribute__((btf_type_tag(\"user\"))) *p"),
        (restrict, "p", "struct sock __attribute__((btf_type_tag(\"user\"))) *restrict p"),
        (function, "", "int tcp_connect(struct sock *sk, int, ...)"),
        (function, "other", "int other(struct sock *sk, int, ...)"),
        (variable, "", "int jiffies"),
        (anonymous, "u", "union {\n\tint x;\n} u"),
        (odd, "x", "struct { unsigned char bytes[3]; } x"),
        (rust, "x", "unsigned int x"),
        (TypeId::VOID, "", "void"),
    ] {
        assert_eq!(c::declare(&btf, id, name).as_deref(), Ok(expected));
    }
    assert_eq!(
        c::definition(&btf, sock).unwrap(),
        "struct sock {\n\tlong: 64;\n} __attribute__((aligned(8)));\n"
    );
    assert_eq!(c::definition(&btf, sk).unwrap(), "struct sock *;\n");
}

#[test]
fn types_of_one_name_are_told_apart_by_what_they_hold() {
    let values = |name| Enumerator { name, bits: 1, signed: false };
    let header = |first: bool| {
        let mut b = Builder::new(Endian::host());
        let int = b.int("int", sample::int(4, true)).unwrap();
        let one = [sample::member("one", int, 0)];
        let two = [sample::member("one", int, 0), sample::member("two", int, 4)];
        for large in [first, !first] {
            let (size, members) = if large { (8, &two[..]) } else { (4, &one[..]) };
            b.composite(Kind::Struct, "ring", size, members).unwrap();
        }
        b.enumeration(Kind::Enum, "a", 4, false, &[values("SAME")]).unwrap();
        b.enumeration(Kind::Enum, "b", 4, false, &[values("SAME")]).unwrap();
        b.typedef("word", int).unwrap();
        b.typedef("word", int).unwrap();
        b.forward("ring", false).unwrap();
        b.forward("ring", true).unwrap();
        c::header(&b.build().unwrap()).unwrap()
    };
    assert_eq!(header(true), header(false));
    let text = header(true);
    assert!(text.contains("struct ring {\n\tint one;\n\tint two;\n};"), "{text}");
    assert!(text.contains("struct ring___2 {\n\tint one;\n};"), "{text}");
    assert!(text.contains("union ring___3;"), "{text}");
    assert!(text.contains("\tSAME = 1,") && text.contains("\tSAME___2 = 1,"), "{text}");
    assert_eq!(text.matches("typedef int word;").count(), 1, "{text}");
}

#[test]
fn circles_are_errors() {
    let mut b = Builder::new(Endian::host());
    let next = TypeId(b.next_id().0 + 1);
    let a = b.composite(Kind::Struct, "a", 8, &[sample::member("b", next, 0)]).unwrap();
    b.composite(Kind::Struct, "b", 8, &[sample::member("a", a, 0)]).unwrap();
    let btf = b.build().unwrap();
    assert!(c::header(&btf).is_err());
    let mut b = Builder::new(Endian::host());
    let first = b.next_id();
    let pointer = b.pointer(first).unwrap();
    let array = b.array(TypeId(3), TypeId(3), 1).unwrap();
    b.typedef("t", array).unwrap();
    let btf = b.build().unwrap();
    assert!(matches!(c::declare(&btf, pointer, "p"), Err(Error::TooDeep { .. })));
    assert!(matches!(c::header(&btf), Err(Error::Circle { .. } | Error::TooDeep { .. })));
}

#[test]
fn few_bytes_do_not_become_much_text() {
    let mut b = Builder::new(Endian::host());
    let int = b.int("int", sample::int(4, true)).unwrap();
    let mut inner = int;
    // Each holds the one before it twice: 2^20 members to print.
    for depth in 0..20 {
        let size = 4 << (depth + 1);
        let members = [sample::member("a", inner, 0), sample::member("b", inner, size / 2)];
        inner = b.composite(Kind::Struct, "", size, &members).unwrap();
    }
    let ty = b.typedef("bomb", inner).unwrap();
    let btf = b.build().unwrap();
    assert!(matches!(c::header(&btf), Err(Error::TooLarge { .. })));
    assert!(matches!(c::definition(&btf, ty), Err(Error::TooLarge { .. })));
}

#[test]
fn a_header_without_structs_is_no_reason_to_warn() {
    let mut builder = Builder::new(Endian::host());
    let int = osmia_btf::Int {
        size: 4,
        bits: 32,
        offset: 0,
        signed: false,
        is_char: false,
        is_bool: false,
    };
    let int = builder.int("unsigned int", int).unwrap();
    builder.typedef("u32", int).unwrap();
    let header = c::header(&builder.build().unwrap()).unwrap();
    for clang in Clang::present() {
        clang::compile(clang, &format!("{header}u32 number;\n"), &["-Wall", "-Wextra", "-Werror"]);
    }
}
