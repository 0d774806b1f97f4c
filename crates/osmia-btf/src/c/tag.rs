//! Tags as attributes.

use crate::c::base::write_to;

/// Writes a tag as the attribute `kind`, or its text if that is an attribute itself.
pub(super) fn write_tag(out: &mut String, kind: &str, text: &str, is_attribute: bool) {
    if !is_attribute {
        write_to(out, format_args!(" __attribute__(({kind}(\"{}\")))", quoted(text)));
    } else if text.bytes().all(is_plain) && is_balanced(text) {
        write_to(out, format_args!(" __attribute__(({text}))"));
    }
    // Anything else would be no attribute that a compiler knows.
}

fn is_plain(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'(' | b')' | b',' | b' ' | b'-')
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0;
    for c in text.bytes() {
        depth += match c {
            b'(' => 1,
            b')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !text.is_empty()
}

/// The text as it stands between the quotes of a C string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push('?'),
            c => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::write_tag;

    fn tag(text: &str, is_attribute: bool) -> String {
        let mut out = String::new();
        write_tag(&mut out, "btf_type_tag", text, is_attribute);
        out
    }

    #[test]
    fn nothing_gets_out_of_its_attribute() {
        assert_eq!(tag("user", false), " __attribute__((btf_type_tag(\"user\")))");
        assert_eq!(tag("a\"b\\\n", false), " __attribute__((btf_type_tag(\"a\\\"b\\\\?\")))");
        assert_eq!(tag("address_space(1)", true), " __attribute__((address_space(1)))");
        assert_eq!(tag("x)) int y; __attribute__((z", true), "");
        assert_eq!(tag("x)(", true), "");
    }
}
