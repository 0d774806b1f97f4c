//! Names as C allows them.

/// Words that no C compiler takes as a name, those of GNU mode included.
const KEYWORDS: [&str; 42] = [
    "asm",
    "auto",
    "break",
    "case",
    "char",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "typedef",
    "typeof",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
    "_Bool",
    "_Static_assert",
    "__builtin_va_list",
    "__int128",
    "__int128_t",
    "__uint128_t",
];

/// Writes a name that C accepts: letters of no C name become `_`, and keywords get one
/// behind them.
///
/// Kernels have no others; BTF of Rust programs has.
pub(super) fn write_identifier(out: &mut String, name: &str) {
    if is_identifier(name) {
        out.push_str(name);
        if is_keyword(name) {
            out.push('_');
        }
        return;
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        out.push('_');
    }
    // Since C99 letters are not those of ASCII alone.
    let fits = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
    out.extend(name.chars().map(fits));
}

fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| !first.is_ascii_digit())
        && bytes.iter().all(|&c| c.is_ascii_alphanumeric() || c == b'_')
}

fn is_keyword(name: &str) -> bool {
    let first = name.bytes().next().unwrap_or_default();
    // Most names are settled by their first letter and length.
    let shift = u32::from(first).wrapping_sub(u32::from(b'_'));
    let lengths = LENGTHS.get(shift as usize).copied().unwrap_or_default();
    name.len() < 32 && lengths >> name.len() & 1 != 0 && KEYWORDS.contains(&name)
}

/// The lengths that keywords of one first letter have, from `_` to `z`, as bits.
static LENGTHS: std::sync::LazyLock<[u32; 28]> = std::sync::LazyLock::new(|| {
    let mut lengths = [0; 28];
    for word in KEYWORDS {
        let first = word.bytes().next().unwrap_or_default();
        if let Some(slot) = lengths.get_mut(usize::from(first - b'_')) {
            *slot |= 1 << word.len();
        }
    }
    lengths
});

/// Whether the name is a keyword from C23 on only, like `bool`, which kernels define themselves.
pub(super) fn is_new_keyword(name: &str) -> bool {
    matches!(
        name,
        "alignas"
            | "alignof"
            | "bool"
            | "constexpr"
            | "false"
            | "nullptr"
            | "static_assert"
            | "thread_local"
            | "true"
            | "typeof_unqual"
    )
}

#[cfg(test)]
mod tests {
    use super::write_identifier;

    #[test]
    fn names_that_c_takes() {
        for (name, c) in [
            ("sk", "sk"),
            ("default", "default_"),
            ("Option<u32>", "Option_u32_"),
            ("0", "_0"),
            ("a;} evil", "a___evil"),
            ("größe", "größe"),
            ("a→b", "a_b"),
            ("__builtin_va_list", "__builtin_va_list_"),
        ] {
            let mut out = String::new();
            write_identifier(&mut out, name);
            assert_eq!(out, c, "{name}");
        }
    }
}
