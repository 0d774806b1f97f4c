//! C as tokens: no more than what tells declarations and comments apart.

/// A piece of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub kind: Kind<'t>,
    /// The lines on which it begins and ends.
    pub first: usize,
    pub last: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A comment with what makes it one.
    Comment(&'t str),
    Word(&'t str),
    /// A line for the preprocessor.
    Directive,
    /// Text in quotes, a number.
    Literal,
    /// Any other character.
    Mark(char),
}

/// The tokens of a source.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut lexer = Lexer { rest: text, line: 1, at_start: true };
    std::iter::from_fn(move || lexer.next())
}

struct Lexer<'t> {
    rest: &'t str,
    line: usize,
    /// Whether nothing but space stands in front on the line.
    at_start: bool,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let first = self.rest.chars().next()?;
            if !first.is_whitespace() {
                break;
            }
            if first == '\n' {
                self.at_start = true;
            }
            self.take(first.len_utf8());
        }
        let line = self.line;
        let kind = self.kind()?;
        self.at_start = false;
        Some(Token { kind, first: line, last: self.line })
    }

    fn kind(&mut self) -> Option<Kind<'t>> {
        let first = self.rest.chars().next()?;
        let in_word = |c: char| c == '_' || c.is_alphanumeric();
        Some(if self.rest.starts_with("/*") {
            let end = self.rest.get(2..).and_then(|text| text.find("*/"));
            Kind::Comment(self.take(end.map_or(self.rest.len(), |at| at + 4)))
        } else if self.rest.starts_with("//") {
            Kind::Comment(self.take(self.line_end()))
        } else if first == '#' && self.at_start {
            self.directive();
            Kind::Directive
        } else if first == '"' || first == '\'' {
            self.take(quoted(self.rest, first));
            Kind::Literal
        } else if in_word(first) {
            let len = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
            let word = self.take(len);
            if first.is_ascii_digit() { Kind::Literal } else { Kind::Word(word) }
        } else {
            self.take(first.len_utf8());
            Kind::Mark(first)
        })
    }

    fn directive(&mut self) {
        loop {
            let line = self.take(self.line_end());
            if !line.trim_end_matches('\r').ends_with('\\') || self.rest.is_empty() {
                return;
            }
            self.take(1);
        }
    }

    fn line_end(&self) -> usize {
        self.rest.find('\n').unwrap_or(self.rest.len())
    }

    fn take(&mut self, len: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.line += taken.bytes().filter(|&byte| byte == b'\n').count();
        self.rest = rest;
        taken
    }
}

/// How long the text or character is that begins with this quote; it ends with its line.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' if !escaped => return at,
            c if c == quote && !escaped => return at + c.len_utf8(),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}
