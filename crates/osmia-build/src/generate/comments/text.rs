//! What a comment says, as documentation.

/// The lines of a comment, harmless as Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment(Vec<String>);

/// Characters that turn the direction of text around, with which it would not be what it seems.
const TURNING: &[char] = &[
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}',
];

/// Longer comments are cut off.
const LINES: usize = 200;

impl Comment {
    /// The comment in C's comments, which stand on lines one after another; `None` if they say nothing.
    pub fn of(comments: &[&str]) -> Option<Self> {
        let mut lines: Vec<String> = Vec::new();
        for comment in comments {
            let body =
                comment.strip_prefix("/*").map(|text| text.strip_suffix("*/").unwrap_or(text));
            let body = body.or_else(|| comment.strip_prefix("//")).unwrap_or(comment);
            lines.extend(body.lines().take(LINES).map(|line| escaped(undecorated(line))));
        }
        let is_said = |line: &String| line.chars().any(char::is_alphanumeric);
        let first = lines.iter().position(is_said)?;
        let last = lines.iter().rposition(is_said)?;
        let mut said: Vec<String> = lines.into_iter().take(last + 1).skip(first).collect();
        said.dedup_by(|a, b| a.is_empty() && b.is_empty());
        Some(Self(said))
    }

    /// Its lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// A line without the asterisks and the like that stand in front of it.
fn undecorated(line: &str) -> &str {
    let line = line.trim();
    // `/**`, `//!`, `///`; a list's item has its own asterisk behind a space.
    let line = line.strip_prefix(['*', '!', '/']).unwrap_or(line);
    let line = line.strip_prefix(['*', '/']).unwrap_or(line);
    // Indented text would be code to rustdoc, and code would be tests.
    line.trim()
}

/// The line with what would mean something in Markdown made to mean itself, outside of `code`.
fn escaped(line: &str) -> String {
    let ticks = line.matches('`').count();
    let is_fence = line.starts_with("```") || line.starts_with("~~~");
    let has_code = ticks % 2 == 0 && !is_fence;
    let mut text = String::with_capacity(line.len());
    let (mut in_code, mut before) = (false, ' ');
    for (at, c) in line.char_indices() {
        let c = if c.is_control() { ' ' } else { c };
        if TURNING.contains(&c) {
            continue;
        }
        let item = at == 0 && line.get(1..).is_some_and(|rest| rest.starts_with(' '));
        let special = match c {
            '`' => !has_code,
            _ if in_code => false,
            '[' | ']' | '<' | '>' | '\\' | '|' | '~' | '#' => true,
            '*' => !item,
            '_' => !before.is_alphanumeric(),
            _ => false,
        };
        in_code ^= c == '`' && has_code;
        text.extend(special.then_some('\\'));
        text.push(c);
        before = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Comment;

    fn said(comments: &[&str]) -> String {
        Comment::of(comments).map(|comment| comment.lines().join("|")).unwrap_or_default()
    }

    #[test]
    fn decoration_goes_and_markdown_means_itself() {
        for (comment, expected) in [
            ("/* one */", "one"),
            ("/** two\n * more\n **/", "two|more"),
            (
                "/*\n * - a\n *     code();\n *\n *\n * `x[1]` and x[1]\n */",
                "- a|code();||`x[1]` and x\\[1\\]",
            ),
            ("// <b>*p</b> __u32 a_b", "\\<b\\>\\*p\\</b\\> \\_\\_u32 a_b"),
            ("/* ```rust */", "\\`\\`\\`rust"),
            ("/* ------ */", ""),
            ("/**/", ""),
            ("/*", ""),
            ("/* a\u{202e}b\rc\u{7}d */", "ab c d"),
        ] {
            assert_eq!(said(&[comment]), expected, "{comment}");
        }
        assert_eq!(said(&["// a", "// b"]), "a|b");
    }
}
