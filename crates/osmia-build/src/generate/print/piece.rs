//! Tokens as the printer looks at them.

use std::fmt::{self, Write as _};

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// Words behind which a bracket or a path starts something new.
const KEYWORDS: &[&str] = &[
    "as", "const", "else", "enum", "fn", "for", "if", "impl", "in", "let", "match", "mod", "mut",
    "pub", "return", "static", "struct", "type", "use",
];

/// Operators of more than one character.
const LONG: &[&str] = &["::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", ">>", "<<", ".."];

/// Those of one.
const SHORT: &[&str] = &[
    "#", "!", "&", "*", "+", ",", "-", ".", "/", ":", ";", "<", "=", ">", "?", "@", "|", "%", "^",
    "~", "$",
];

pub(super) enum Piece {
    /// A name, a literal, a life-time.
    Word(Word),
    Operator(&'static str),
    /// A documenting attribute that can be written as a comment.
    Doc(Word),
    Group(Group),
}

/// A place in the text of all words.
#[derive(Clone, Copy)]
pub(super) struct Word {
    start: usize,
    end: usize,
    pub is_keyword: bool,
}

impl Word {
    pub fn of(self, words: &str) -> &str {
        words.get(self.start..self.end).unwrap_or_default()
    }
}

pub(super) struct Group {
    pub delimiter: Delimiter,
    pub pieces: Vec<Piece>,
    /// On one line.
    pub width: usize,
    /// Whether there are braces in it, which take lines of their own.
    pub has_block: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Parenthesis,
    Bracket,
    Brace,
    /// What a macro put there as one.
    None,
}

impl Delimiter {
    pub fn signs(self) -> (&'static str, &'static str) {
        match self {
            Self::Parenthesis => ("(", ")"),
            Self::Bracket => ("[", "]"),
            Self::Brace => ("{", "}"),
            Self::None => ("", ""),
        }
    }
}

impl Piece {
    /// The width on one line.
    pub fn width(&self) -> usize {
        match self {
            Self::Word(word) => word.end - word.start,
            Self::Operator(operator) => operator.len(),
            Self::Doc(text) => text.end - text.start + "///".len(),
            Self::Group(group) => group.width,
        }
    }

    /// Whether it takes more lines than one.
    pub fn is_block(&self) -> bool {
        match self {
            Self::Group(group) => group.delimiter == Delimiter::Brace || group.has_block,
            _ => false,
        }
    }
}

/// The width of pieces on one line.
pub(super) fn width(pieces: &[Piece]) -> usize {
    let mut before = None;
    let mut width = 0;
    for piece in pieces {
        width += piece.width() + usize::from(space_between(before, piece));
        before = Some(piece);
    }
    width
}

/// Makes pieces of tokens.
pub(super) struct Reader {
    /// All words, one behind the other.
    pub words: String,
    /// Signs that belong together.
    joint: String,
}

impl Reader {
    /// A reader that puts words into this text's place.
    pub fn with(mut words: String) -> Self {
        words.clear();
        Self { words, joint: String::new() }
    }

    /// The pieces that tokens make.
    pub fn pieces(&mut self, tokens: TokenStream) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => {
                    self.joint.push(punct.as_char());
                    if punct.spacing() == Spacing::Alone {
                        self.operators(&mut pieces);
                    }
                }
                TokenTree::Ident(ident) => {
                    // A quote in front of it makes it a life-time.
                    let is_lifetime = self.joint.ends_with('\'');
                    if is_lifetime {
                        self.joint.pop();
                    }
                    self.operators(&mut pieces);
                    let quote = if is_lifetime { "'" } else { "" };
                    pieces.push(Piece::Word(self.word(format_args!("{quote}{ident}"))));
                }
                TokenTree::Literal(literal) => {
                    self.operators(&mut pieces);
                    pieces.push(Piece::Word(self.word(format_args!("{literal}"))));
                }
                TokenTree::Group(group) => {
                    self.operators(&mut pieces);
                    let group = self::group(group.delimiter(), self.pieces(group.stream()));
                    self.push_group(group, &mut pieces);
                }
            }
        }
        self.operators(&mut pieces);
        pieces
    }

    fn word(&mut self, text: fmt::Arguments<'_>) -> Word {
        let start = self.words.len();
        // Text takes all that is written to it.
        let _: fmt::Result = self.words.write_fmt(text);
        let word = Word { start, end: self.words.len(), is_keyword: false };
        Word { is_keyword: KEYWORDS.contains(&word.of(&self.words)), ..word }
    }

    /// Takes what stands in one piece apart: `>,` are two.
    fn operators(&mut self, pieces: &mut Vec<Piece>) {
        let mut joint = self.joint.as_str();
        while let Some(sign) = joint.get(..1) {
            let long = || LONG.iter().find(|operator| joint.starts_with(**operator));
            let long = if joint.len() > 1 { long() } else { None };
            let Some(operator) = long.or_else(|| SHORT.iter().find(|short| **short == sign)) else {
                break;
            };
            pieces.push(Piece::Operator(operator));
            joint = joint.get(operator.len()..).unwrap_or_default();
        }
        self.joint.clear();
    }

    fn push_group(&mut self, group: Group, pieces: &mut Vec<Piece>) {
        if matches!(pieces.last(), Some(Piece::Operator("#"))) {
            if let Some(text) = documentation(&group, &self.words) {
                pieces.pop();
                pieces.push(Piece::Doc(self.word(format_args!("{text}"))));
                return;
            }
        }
        pieces.push(Piece::Group(group));
    }
}

fn group(delimiter: proc_macro2::Delimiter, pieces: Vec<Piece>) -> Group {
    let delimiter = match delimiter {
        proc_macro2::Delimiter::Parenthesis => Delimiter::Parenthesis,
        proc_macro2::Delimiter::Bracket => Delimiter::Bracket,
        proc_macro2::Delimiter::Brace => Delimiter::Brace,
        proc_macro2::Delimiter::None => Delimiter::None,
    };
    let padding = if delimiter == Delimiter::Brace { 4 } else { 2 };
    // A field in braces, copied out of a packed struct, takes no line of its own.
    let is_block = |piece: &Piece| match piece {
        Piece::Group(group) if group.delimiter == Delimiter::Brace => !is_path(&group.pieces),
        piece => piece.is_block(),
    };
    Group {
        delimiter,
        width: width(&pieces) + padding,
        has_block: pieces.iter().any(is_block),
        pieces,
    }
}

/// What a documenting attribute says, if a comment can say it: one line, no signs that do not show, and
/// not a slash in front, which would make it a comment that documents nothing.
fn documentation(group: &Group, words: &str) -> Option<String> {
    let [Piece::Word(doc), Piece::Operator("="), Piece::Word(literal)] = group.pieces.as_slice()
    else {
        return None;
    };
    let literal = literal.of(words);
    let text = match literal.strip_prefix('r') {
        Some(raw) => {
            let raw = raw.trim_matches('#').strip_prefix('"')?.strip_suffix('"')?;
            (!raw.contains(char::is_control)).then(|| raw.to_owned())?
        }
        None => {
            let mut text = String::new();
            let mut chars = literal.strip_prefix('"')?.strip_suffix('"')?.chars();
            while let Some(char) = chars.next() {
                let char = if char == '\\' { unescaped(chars.next()?)? } else { char };
                text.push(char);
            }
            text
        }
    };
    (doc.of(words) == "doc" && !text.starts_with('/')).then_some(text)
}

fn unescaped(char: char) -> Option<char> {
    match char {
        '"' | '\\' | '\'' => Some(char),
        't' => Some('\t'),
        _ => None,
    }
}

/// Whether it is only names: `self.at`.
pub(super) fn is_path(pieces: &[Piece]) -> bool {
    let of_path = |piece: &Piece| matches!(piece, Piece::Word(_) | Piece::Operator("." | "::"));
    !pieces.is_empty() && pieces.iter().all(of_path)
}

/// Whether there is a space between two pieces.
pub(super) fn space_between(before: Option<&Piece>, piece: &Piece) -> bool {
    let Some(before) = before else { return false };
    if matches!(before, Piece::Operator("." | "::" | "&" | "!" | "<" | "#" | "-" | "*")) {
        return false;
    }
    match piece {
        Piece::Operator("," | ";" | "." | "?" | ":" | ">" | ">>" | "<" | "!") => false,
        Piece::Operator("::") => match before {
            Piece::Word(word) => word.is_keyword,
            before => !matches!(before, Piece::Operator(">" | ">>")),
        },
        Piece::Group(Group { delimiter: Delimiter::Parenthesis | Delimiter::Bracket, .. }) => {
            match before {
                Piece::Word(word) => word.is_keyword,
                Piece::Group(_) => false,
                before => !matches!(before, Piece::Operator(">" | ">>")),
            }
        }
        Piece::Word(_) | Piece::Operator(_) | Piece::Group(_) | Piece::Doc(_) => true,
    }
}
