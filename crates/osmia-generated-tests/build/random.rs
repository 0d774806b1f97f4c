//! Random C structs, and the checks that Rust lays them out as C does.

use std::fmt::Write as _;

/// A C file with structs, and Rust statements that compare them.
pub(crate) struct Random {
    pub(crate) c: String,
    pub(crate) rust: String,
}

/// Numbers that are the same in every build (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'t>(&mut self, these: &[&'t str]) -> &'t str {
        these.get(self.below(these.len())).copied().unwrap_or_default()
    }
}

const SCALARS: &[&str] = &[
    "char",
    "signed char",
    "__u8",
    "_Bool",
    "short",
    "__u16",
    "int",
    "__u32",
    "long",
    "__u64",
    "float",
    "double",
    "__int128",
    "enum choice",
    "void *",
    "struct later *",
];

/// What bitfields are of, and how wide they may be.
const BITS: &[(&str, usize)] = &[
    ("__u8", 8),
    ("__u16", 16),
    ("__u32", 32),
    ("__u64", 64),
    ("signed char", 8),
    ("short", 16),
    ("int", 32),
    ("long", 64),
    ("_Bool", 1),
    ("enum choice", 32),
];

/// A struct on its way.
#[derive(Default)]
struct Struct {
    members: String,
    /// The members whose offsets can be asked for.
    named: Vec<String>,
    /// Bitfields: name, C type, width, value.
    bits: Vec<(String, &'static str, usize, u64)>,
}

pub(crate) fn structs(count: usize) -> Random {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut random = Random { c: HEAD.to_owned(), rust: "{\n".to_owned() };
    for index in 0..count {
        one(index, &mut numbers, &mut random);
    }
    random.c.push_str("char _license[] SEC(\"license\") = \"GPL\";\n");
    random.rust.push_str("}\n");
    random
}

const HEAD: &str = "\
#include <linux/types.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
enum choice { CHOICE_A, CHOICE_B = 7 };
";

fn one(index: usize, numbers: &mut Numbers, random: &mut Random) {
    let mut made = Struct::default();
    for member in 0..=numbers.below(9) {
        self::member(index, &format!("m{member}"), numbers, &mut made);
    }
    let attribute = match numbers.below(8) {
        0 | 1 => " __attribute__((packed))",
        2 => " __attribute__((aligned(32)))",
        3 => " __attribute__((packed, aligned(4)))",
        _ => "",
    };
    let c = &mut random.c;
    let _ = writeln!(c, "struct s{index} {{\n{}}}{attribute};", made.members);
    let offsets = made.named.iter().map(|name| format!(", offsetof(struct s{index}, {name})"));
    let offsets: String = offsets.collect();
    let _ = writeln!(
        c,
        "const volatile __u32 layout_{index}[] = {{ sizeof(struct s{index}), _Alignof(struct s{index}){offsets} }};"
    );
    let values = made.bits.iter().map(|(name, _, _, value)| format!(".{name} = {value}, "));
    let values: String = values.collect();
    let _ = writeln!(c, "struct s{index} value_{index} = {{ {values}}};");
    check(index, &made, attribute.contains("packed"), &mut random.rust);
}

fn member(index: usize, name: &str, numbers: &mut Numbers, made: &mut Struct) {
    let text = &mut made.members;
    match numbers.below(10) {
        0..=2 => bits(name, numbers, made),
        3 => {
            let (element, len) = (numbers.of(SCALARS), 1 + numbers.below(40));
            let _ = writeln!(text, "\t{element} {name}[{len}];");
            made.named.push(name.to_owned());
        }
        4 if index > 0 => {
            let inner = numbers.below(index);
            let _ = writeln!(text, "\tstruct s{inner} {name};");
            made.named.push(name.to_owned());
        }
        5 => {
            let (first, second) = (numbers.of(SCALARS), numbers.of(SCALARS));
            let _ = writeln!(text, "\tunion {{ {first} a; {second} b[2]; }} {name};");
            made.named.push(name.to_owned());
        }
        6 => {
            let (first, second) = (numbers.of(SCALARS), numbers.of(SCALARS));
            let _ = writeln!(text, "\tstruct {{ {first} {name}_a; {second} {name}_b; }};");
        }
        _ => {
            let aligned = if numbers.one_in(6) { " __attribute__((aligned(16)))" } else { "" };
            let _ = writeln!(text, "\t{} {name}{aligned};", numbers.of(SCALARS));
            made.named.push(name.to_owned());
        }
    }
}

fn bits(name: &str, numbers: &mut Numbers, made: &mut Struct) {
    let &(ty, most) = BITS.get(numbers.below(BITS.len())).unwrap_or(&("int", 32));
    let width = 1 + numbers.below(most);
    if numbers.one_in(5) {
        let _ = writeln!(
            made.members,
            "\t{ty} : {};",
            if most == 1 { 0 } else { numbers.below(2) * width }
        );
    }
    let _ = writeln!(made.members, "\t{ty} {name} : {width};");
    // Positive also where the highest bit is a sign.
    let most = if width == 1 { 0 } else { (1_u64 << (width - 1)) - 1 };
    let value = if ty == "_Bool" { 1 } else { most & 0x5a5a_5a5a_5a5a_5a5a };
    made.bits.push((name.to_owned(), ty, width, value));
}

fn check(index: usize, made: &Struct, packed: bool, rust: &mut String) {
    let offsets = made.named.iter().map(|name| format!(", offset_of!(S{index}, {name})"));
    let offsets: String = offsets.collect();
    // BTF does not tell that a struct is packed if its members would be where they are anyway.
    let align = if packed { "1".to_owned() } else { format!("align_of::<S{index}>()") };
    let _ = writeln!(
        rust,
        "check(\"s{index}\", spec.vars.layout_{index}.get(), &[size_of::<S{index}>(){offsets}], {align});"
    );
    if made.bits.is_empty() {
        return;
    }
    let _ = writeln!(rust, "let mut value = *spec.vars.value_{index}.get();");
    for (name, ty, _, bits) in &made.bits {
        let (got, expected) = (format!("value.{name}()"), bits.to_string());
        let (got, expected) = match *ty {
            "_Bool" => (format!("u8::from({got})"), "1".to_owned()),
            "enum choice" => (format!("{got}.0"), expected),
            _ => (got, expected),
        };
        let _ = writeln!(rust, "assert_eq!({got}, {expected}, \"s{index}.{name}\");");
        let _ = writeln!(rust, "let kept = value.{name}(); value.set_{name}(kept);");
    }
    let _ =
        writeln!(rust, "assert_eq!(value.as_bytes(), spec.vars.value_{index}.get().as_bytes());");
}
