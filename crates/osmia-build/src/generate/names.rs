//! From C names to Rust names, by rules that are written down.
//!
//! - Types are written in camel case: `struct task_info` is `TaskInfo`, `TCP_INFO` is
//!   `TcpInfo`. An underscore between two digits stays, so that `v1_2` and `v12` differ.
//! - All other names stay as they are. Rust's keywords become raw (`r#type`), and the
//!   few that cannot (`self`, `super`, `crate`, `Self`) get an underscore at their end.
//! - A character that no Rust name may have becomes an underscore.
//! - Of a name that is longer than 200 characters the first 200 are kept.
//! - Of names that come out alike the later ones get a number: `Event`, `Event2`. So does
//!   a type with a name of Rust's prelude: `struct option` is `Option2`.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use unicode_ident::{is_xid_continue, is_xid_start};

/// Rust's words that may not be names, of all editions.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that may not even be raw names.
const NEVER_NAMES: &[&str] = &["self", "Self", "super", "crate", "_"];

/// How many characters of a name are kept: a module has names many times, and C's may be of any length.
const LONGEST: usize = 200;

/// What stands for no name at all.
const UNNAMED: &str = "unnamed";

/// The identifier for a name, which must be made of a name's characters.
pub(crate) fn ident(name: &str) -> Ident {
    if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

/// The name of a field, a variable, a map, a program, a constant.
pub(crate) fn plain(name: &str) -> String {
    let clean = clean(name);
    if NEVER_NAMES.contains(&clean.as_str()) { clean + "_" } else { clean }
}

/// The name of a type.
pub(crate) fn camel(name: &str) -> String {
    let mut clean = clean(name);
    if !clean.contains(char::is_lowercase) {
        clean = clean.to_lowercase();
    }
    let mut out = String::new();
    for piece in clean.split('_').filter(|piece| !piece.is_empty()) {
        let digits = out.ends_with(|c: char| c.is_ascii_digit());
        let mut chars = piece.chars();
        let first = chars.next().unwrap_or('_');
        if digits && first.is_ascii_digit() {
            out.push('_');
        }
        out.extend(first.to_uppercase());
        out.push_str(chars.as_str());
    }
    // What upper case makes of a letter may be no letter.
    let out = if out.is_empty() { camel(UNNAMED) } else { self::clean(&out) };
    if NEVER_NAMES.contains(&out.as_str()) || KEYWORDS.contains(&out.as_str()) {
        out + "_"
    } else {
        out
    }
}

/// The name with an underscore for each character that has no place in a Rust name.
fn clean(name: &str) -> String {
    let fits = |c: char| {
        if c.is_ascii() {
            c == '_' || c.is_ascii_alphanumeric()
        } else {
            is_xid_start(c) && is_xid_continue(c)
        }
    };
    let name = if name.is_empty() { UNNAMED } else { name };
    let chars = name.chars().take(LONGEST);
    let mut clean: String = chars.map(|c| if fits(c) { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    clean
}

/// Names of C for documentation, on one line and without what would mean something there.
pub(crate) fn shown(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_ .-/".contains(c);
    cut(name.chars().map(|c| if plain(c) { c } else { '?' }))
}

/// The name of what is inside something else, after both.
pub(crate) fn inside(outer: &str, inner: &str) -> String {
    outer.chars().chain(inner.chars()).take(LONGEST).collect()
}

/// Text for documentation, of which no more is shown than of a name.
pub(crate) fn cut(text: impl IntoIterator<Item = char>) -> String {
    let mut text = text.into_iter();
    let mut kept: String = text.by_ref().take(LONGEST).collect();
    if text.next().is_some() {
        kept.push('…');
    }
    kept
}

/// The names that are taken in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    /// How often each name was asked for.
    asked: HashMap<String, u32>,
}

impl Claims {
    /// Claims with these names taken.
    pub fn of(names: &[&str]) -> Self {
        Self { asked: names.iter().map(|name| ((*name).to_owned(), 1)).collect() }
    }

    /// The name, or that with a number behind `joint` if it is taken.
    pub fn claim(&mut self, name: &str, joint: &str) -> String {
        let mut claimed = name.to_owned();
        while self.asked.contains_key(&claimed) {
            let count = self.asked.entry(name.to_owned()).or_insert(1);
            *count += 1;
            claimed = format!("{name}{joint}{count}");
        }
        self.asked.insert(claimed.clone(), 1);
        claimed
    }

    /// The name if it is not taken.
    pub fn claim_exactly(&mut self, name: &str) -> bool {
        self.asked.insert(name.to_owned(), 1).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, camel, ident, inside, plain, shown};

    #[test]
    fn types_are_in_camel_case() {
        for (c, rust) in [
            ("event", "Event"),
            ("task_info", "TaskInfo"),
            ("TCP_INFO", "TcpInfo"),
            ("iov_iter___new", "IovIterNew"),
            ("v1_2", "V1_2"),
            ("v12", "V12"),
            ("__u32", "U32"),
            ("_1st", "_1st"),
            ("camelCase", "CamelCase"),
            ("self", "Self_"),
            ("", "Unnamed"),
            ("größe", "Größe"),
            ("a.b-c d", "ABCD"),
            ("___", "Unnamed"),
        ] {
            assert_eq!(ident(&camel(c)).to_string(), rust, "{c}");
        }
    }

    #[test]
    fn other_names_stay() {
        for (c, rust) in [
            ("global_u16", "global_u16"),
            ("type", "r#type"),
            ("self", "self_"),
            ("_", "__"),
            ("", "unnamed"),
            ("count.1", "count_1"),
            ("1st", "_1st"),
            ("a\n\"*/ fn main", "a_____fn_main"),
            ("e\u{301}", "e_"),
            ("größe", "größe"),
        ] {
            assert_eq!(ident(&plain(c)).to_string(), rust, "{c}");
        }
    }

    #[test]
    fn every_name_can_be_written() {
        for c in (0..0x3000).filter_map(char::from_u32) {
            for name in [format!("{c}"), format!("{c}{c}"), format!("a_{c}"), format!("{c}1")] {
                for rust in [camel(&name), plain(&name)] {
                    assert!(
                        syn::parse_str::<syn::Ident>(&ident(&rust).to_string()).is_ok(),
                        "{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn later_ones_get_numbers() {
        let mut claims = Claims::of(&["Pad"]);
        assert_eq!(claims.claim("Event", ""), "Event");
        assert_eq!(claims.claim("Event2", ""), "Event2");
        assert_eq!(claims.claim("Event", ""), "Event3");
        assert_eq!(claims.claim("Event", ""), "Event4");
        assert_eq!(claims.claim("Pad", ""), "Pad2");
        assert_eq!(claims.claim("x", "_"), "x");
        assert_eq!(claims.claim("x", "_"), "x_2");
        assert!(claims.claim_exactly("y"));
        assert!(!claims.claim_exactly("y"));
    }

    #[test]
    fn documentation_shows_one_harmless_line() {
        assert_eq!(shown("struct a"), "struct a");
        assert_eq!(shown("a`]\n*/"), "a????/");
        assert_eq!(shown(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(shown(&"ä".repeat(201)), "ä".repeat(200) + "…");
    }

    #[test]
    fn long_names_are_cut() {
        let long = "ab_".repeat(100);
        assert_eq!(plain(&long), long[..200]);
        assert_eq!(camel(&long), "Ab".repeat(67));
        assert_eq!(inside(&"A".repeat(199), "Bc"), "A".repeat(199) + "B");
    }
}
