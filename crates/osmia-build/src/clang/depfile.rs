//! The make rule in which a compiler tells what it read.

use std::path::PathBuf;

/// The files that a rule names behind its colon.
pub(crate) fn prerequisites(rule: &str) -> Vec<PathBuf> {
    let list = rule.split_once(": ").map_or("", |(_, list)| list);
    let mut files = Vec::new();
    let mut file = String::new();
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            // A line that goes on, and the space between files.
            ('\\', Some('\n')) | (' ' | '\n' | '\t', _) => {
                if !file.is_empty() {
                    files.push(PathBuf::from(std::mem::take(&mut file)));
                }
            }
            ('\\', Some(escaped @ (' ' | '#'))) | ('$', Some(escaped @ '$')) => {
                file.push(escaped);
                chars.next();
            }
            _ => file.push(c),
        }
    }
    if !file.is_empty() {
        files.push(PathBuf::from(file));
    }
    files
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::prerequisites;

    #[test]
    fn spaces_dollars_and_long_lines() {
        let rule = "x.o: x.bpf.c /usr/include/a.h \\\n  with\\ space.h a$$b.h a\\#b.h\n";
        let files = ["x.bpf.c", "/usr/include/a.h", "with space.h", "a$b.h", "a#b.h"];
        assert_eq!(prerequisites(rule), files.map(PathBuf::from));
        assert!(prerequisites("").is_empty());
        assert!(prerequisites("no rule").is_empty());
    }
}
