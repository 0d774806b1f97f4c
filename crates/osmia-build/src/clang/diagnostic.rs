//! What clang says about a source.

use std::fmt;
use std::path::{Path, PathBuf};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// More about the diagnostic in front of it.
    Note,
    /// There is an object, and perhaps a mistake in it.
    Warning,
    /// There is no object.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// An error, a warning or a note of the compiler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` if it is about no place in a source.
    pub place: Option<Place>,
    /// What, in the compiler's words, with the flag that controls it.
    pub message: String,
    /// The lines of source that the compiler shows with it.
    pub source: Vec<String>,
}

impl Diagnostic {
    /// A warning of ours, about no place in a source.
    pub(crate) fn warning(message: String) -> Self {
        Self { severity: Severity::Warning, place: None, message, source: Vec::new() }
    }
}

impl fmt::Display for Diagnostic {
    /// One line, without the source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if self.severity == Severity::Note {
            f.write_str("note: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The diagnostics in a compiler's output. Files are named as seen from `cwd`; the
/// compiler ran in `base`.
pub(crate) fn parse(output: &str, base: &Path, cwd: &Path) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for line in output.lines() {
        if let Some(mut diagnostic) = head(line) {
            if let Some(place) = &mut diagnostic.place {
                place.file = seen_from(&base.join(&place.file), cwd);
            }
            diagnostics.push(diagnostic);
        } else if is_source(line) {
            if let Some(last) = diagnostics.last_mut() {
                last.source.push(line.to_owned());
            }
        }
    }
    diagnostics
}

/// What a compiler said, without what it tells its own makers when it breaks off: where in the compiler that was.
pub(crate) fn without_backtrace(output: &str) -> String {
    let mut inside = false;
    let kept = output.lines().filter(|line| {
        inside |= line.starts_with("PLEASE submit a bug report");
        inside &= !line.starts_with("clang: ");
        !inside
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Shown source, as against "In file included from" and "1 error generated."
fn is_source(line: &str) -> bool {
    let is_sum = line.ends_with(" generated.") && line.starts_with(|c: char| c.is_ascii_digit());
    !is_sum && !line.starts_with("In file included from ")
}

const KINDS: [(&str, Severity); 4] = [
    ("fatal error: ", Severity::Error),
    ("error: ", Severity::Error),
    ("warning: ", Severity::Warning),
    ("note: ", Severity::Note),
];

/// `file:line:column: kind: message`, or that without a place.
fn head(line: &str) -> Option<Diagnostic> {
    let at = |(kind, severity): &(&str, Severity)| {
        let start = if line.starts_with(kind) { 0 } else { line.find(&format!(": {kind}"))? + 2 };
        Some((start, start + kind.len(), *severity))
    };
    let (start, end, severity) = KINDS.iter().filter_map(at).min()?;
    let (before, message) = (line.get(..start)?, line.get(end..)?);
    let place = place(before.trim_end_matches(": "));
    // The compiler names itself where it has no place; a shown line of C is neither.
    let nowhere = before.is_empty() || !before.starts_with(' ') && !before.trim_end().contains(' ');
    (place.is_some() || nowhere).then(|| Diagnostic {
        severity,
        place,
        message: message.to_owned(),
        source: Vec::new(),
    })
}

fn place(text: &str) -> Option<Place> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let place = Place { file: file.into(), line: line.parse().ok()?, column: column.parse().ok()? };
    (!file.is_empty()).then_some(place)
}

/// The path as a person in `cwd` writes it.
pub(crate) fn seen_from(path: &Path, cwd: &Path) -> PathBuf {
    path.strip_prefix(cwd).unwrap_or(path).components().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Severity, parse, without_backtrace};

    const OUTPUT: &str = "\
x.bpf.c:3:7: warning: unused variable 'y' [-Wunused-variable]
  int y; // see error: below
      ^
In file included from x.bpf.c:1:
./x.h:9:1: fatal error: unknown type name 'foo'
foo bar;
^
x.bpf.c:4:1: note: did you mean: error: this?
clang: error: unknown argument: '-frob'
error: unknown target triple 'bpf', please use -triple or -arch
1 warning and 3 errors generated.
";

    #[test]
    fn where_in_the_compiler_it_broke_off_is_left_out() {
        let said = "Error at line 9: no\nfatal error: error in backend: Cannot select: i32 = sdiv 1\n\
                    In function: half\nPLEASE submit a bug report to x\nStack dump:\n #0 0x00007fe0b6\n\
                    clang: error: clang frontend command failed\n";
        let expected = "Error at line 9: no\nfatal error: error in backend: Cannot select: i32 = sdiv 1\n\
                        In function: half\nclang: error: clang frontend command failed\n";
        assert_eq!(without_backtrace(said), expected);
    }

    #[test]
    fn places_kinds_and_sources() {
        let cwd = Path::new("/home/a");
        let found = parse(OUTPUT, Path::new("/home/a/src"), cwd);
        let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "src/x.bpf.c:3:7: unused variable 'y' [-Wunused-variable]",
                "src/x.h:9:1: unknown type name 'foo'",
                "src/x.bpf.c:4:1: note: did you mean: error: this?",
                "unknown argument: '-frob'",
                "unknown target triple 'bpf', please use -triple or -arch",
            ]
        );
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(found[1].severity, Severity::Error);
        assert_eq!(found[0].source, ["  int y; // see error: below", "      ^"]);
        assert_eq!(found[1].source.len(), 2);
        assert!(found[4].source.is_empty());
    }
}
