//! What a crate may be called.

use std::path::Path;

use crate::failure::Failure;

/// Names that cargo or the generated code cannot stand: keywords, crates of Rust's own, and ours.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "main",
    "match",
    "mod",
    "move",
    "mut",
    "osmia",
    "osmia_build",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tests",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// A crate's name.
#[derive(Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The last part of a path.
    ///
    /// # Errors
    /// No crate may be called so.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let module = name.replace('-', "_");
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(fits) {
            return Err(Failure::usage(format!(
                "no crate can be called `{name}`: use letters, digits, `-` and `_`, with a letter first"
            )));
        }
        if TAKEN.contains(&module.as_str()) {
            return Err(Failure::usage(format!(
                "no crate can be called `{name}`: Rust or the generated code means something else by it"
            )));
        }
        Ok(Self(name))
    }

    /// The name as cargo's.
    pub fn package(&self) -> &str {
        &self.0
    }

    /// The name as a Rust module's.
    pub fn module(&self) -> String {
        self.0.replace('-', "_")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Name;

    #[test]
    fn names_are_those_that_cargo_takes() {
        for (path, package, module) in [
            ("opens", "opens", "opens"),
            ("a/b/my-probe", "my-probe", "my_probe"),
            ("./X2", "X2", "X2"),
        ] {
            let name = Name::of(Path::new(path)).unwrap();
            assert_eq!((name.package(), name.module().as_str()), (package, module));
        }
        for path in ["", "..", "/", "1st", "-x", "_x", "a b", "größe", "fn", "osmia-build", "a\"b"]
        {
            assert!(Name::of(Path::new(path)).is_err(), "{path}");
        }
    }
}
