//! From tokens to lines, as a Rust programmer would write them.
//!
//! Tokens are all that this needs to know: what stands in braces goes on lines of its own, which end at `;`,
//! `,` and `}`; what is too long for a line is broken at the commas of its outermost list, or before the dots
//! of its calls. A parser of all of Rust and a printer for it take twice as long as the rest of the generator.

mod piece;

use proc_macro2::TokenStream;

use crate::generate::print::piece::{
    Delimiter, Group, Piece, Reader, Word, is_path, space_between, width,
};

/// The longest line, where there is a place to break it.
const WIDTH: usize = 100;

/// How a group is written.
#[derive(Clone, Copy)]
enum Shape {
    /// On lines of its own.
    Block,
    /// `{ value }`.
    Value,
    /// With commas in it, at which it may be broken.
    List,
    /// What a macro is told: as many of its elements in a line as there is room for.
    Filled,
}

/// A file that is being written.
#[derive(Default)]
pub(crate) struct Printer {
    text: String,
    /// Where in the line the next character goes.
    column: usize,
    /// What the words say of what is being written.
    words: String,
}

impl Printer {
    /// Writes tokens at this depth.
    pub fn print(&mut self, tokens: TokenStream, depth: usize) {
        let mut reader = Reader::with(std::mem::take(&mut self.words));
        let pieces = reader.pieces(tokens);
        self.words = reader.words;
        self.entries(&pieces, depth);
    }

    /// Writes what ends with a brace, and more in front of that.
    pub fn print_around(&mut self, tokens: TokenStream, inner: impl FnOnce(&mut Self)) {
        const END: &str = "}\n";
        self.print(tokens, 0);
        if self.text.ends_with(END) {
            self.text.truncate(self.text.len() - END.len());
            inner(self);
            self.text.push_str(END);
        }
    }

    /// All that was written.
    pub fn finish(self) -> String {
        self.text
    }

    /// Lines of a file or of what stands in braces.
    fn entries(&mut self, mut pieces: &[Piece], depth: usize) {
        while !pieces.is_empty() {
            let (entry, rest) = pieces.split_at(self.first_entry(pieces));
            self.indent(depth);
            self.entry(entry, depth);
            self.newline();
            pieces = rest;
        }
    }

    /// How many pieces the first line's are: an attribute, or up to `;`, `,` or a closing brace.
    fn first_entry(&self, pieces: &[Piece]) -> usize {
        match pieces {
            [Piece::Doc(_), ..] => return 1,
            [Piece::Operator("#"), Piece::Group(_), ..] => return 2,
            _ => {}
        }
        let is_use = self.is_use(pieces);
        let mut angles = Angles::default();
        for (place, piece) in pieces.iter().enumerate() {
            let ends = match piece {
                Piece::Operator(";") => true,
                Piece::Operator(",") => angles.are_closed(),
                Piece::Group(Group { delimiter: Delimiter::Brace, .. }) if !is_use => {
                    let next = pieces.get(place + 1);
                    !matches!(next, Some(Piece::Operator("." | "?" | "," | ";")))
                }
                _ => false,
            };
            angles.count(piece);
            if ends {
                return place + 1;
            }
        }
        pieces.len()
    }

    /// Whether it is `use` or `pub use`, in whose braces there are names.
    fn is_use(&self, pieces: &[Piece]) -> bool {
        let is =
            |piece: &Piece| matches!(piece, Piece::Word(word) if word.of(&self.words) == "use");
        pieces.iter().take(2).any(is)
    }

    fn entry(&mut self, entry: &[Piece], depth: usize) {
        let links = links(entry);
        let is_long = self.column + width(entry) > WIDTH && !entry.iter().any(Piece::is_block);
        if !is_long || links.len() < 2 {
            return self.pieces(entry, depth);
        }
        let mut from = 0;
        for to in links.into_iter().chain([entry.len()]) {
            if from > 0 {
                self.newline();
                self.indent(depth + 1);
            }
            self.pieces(entry.get(from..to).unwrap_or_default(), depth + 1);
            from = to;
        }
    }

    /// Pieces one behind the other.
    fn pieces(&mut self, pieces: &[Piece], depth: usize) {
        let is_use = self.is_use(pieces);
        let mut before = None;
        for (place, piece) in pieces.iter().enumerate() {
            if space_between(before, piece) {
                self.push(" ");
            }
            match piece {
                Piece::Word(word) => self.word(*word),
                Piece::Operator(operator) => self.push(operator),
                Piece::Doc(text) => {
                    self.push("///");
                    self.word(*text);
                }
                Piece::Group(group) => {
                    let rest = pieces.get(place + 1..).unwrap_or_default();
                    let shape = match group.delimiter {
                        Delimiter::Brace if is_use => Shape::List,
                        Delimiter::Brace if is_value(before, group, rest) => Shape::Value,
                        Delimiter::Brace => Shape::Block,
                        _ if matches!(before, Some(Piece::Operator("!"))) => Shape::Filled,
                        _ => Shape::List,
                    };
                    self.group(group, rest, shape, depth);
                }
            }
            before = Some(piece);
        }
    }

    fn group(&mut self, group: &Group, rest: &[Piece], shape: Shape, depth: usize) {
        let Group { delimiter, pieces, .. } = group;
        let (open, close) = delimiter.signs();
        self.push(open);
        match shape {
            Shape::Block if pieces.is_empty() => {}
            Shape::Block => {
                self.newline();
                self.entries(pieces, depth + 1);
                self.indent(depth);
            }
            Shape::Value => {
                self.push(" ");
                self.pieces(pieces, depth);
                self.push(" ");
            }
            Shape::List | Shape::Filled
                if group.has_block || self.fits(group, rest) || !has_commas(pieces) =>
            {
                self.pieces(without_last_comma(pieces), depth);
            }
            Shape::List => {
                self.newline();
                self.list(pieces, depth + 1);
                self.indent(depth);
            }
            Shape::Filled => {
                self.newline();
                self.filled(pieces, depth + 1);
                self.indent(depth);
            }
        }
        self.push(close);
    }

    /// Elements with commas between them, one a line.
    fn list(&mut self, mut pieces: &[Piece], depth: usize) {
        while !pieces.is_empty() {
            let (element, rest) = pieces.split_at(first_element(pieces));
            self.indent(depth);
            self.pieces(element, depth);
            if !matches!(element.last(), Some(Piece::Operator(","))) {
                self.push(",");
            }
            self.newline();
            pieces = rest;
        }
    }

    /// Elements with commas between them, as many in a line as fit.
    fn filled(&mut self, mut pieces: &[Piece], depth: usize) {
        self.indent(depth);
        let start = self.column;
        while !pieces.is_empty() {
            let (element, rest) = pieces.split_at(first_element(pieces));
            if self.column > start && self.column + " ".len() + width(element) > WIDTH {
                self.newline();
                self.indent(depth);
            } else if self.column > start {
                self.push(" ");
            }
            self.pieces(element, depth);
            pieces = rest;
        }
        self.newline();
    }

    /// Whether the rest of a group, and what stands behind it up to a place for a break, fits into the line.
    fn fits(&self, group: &Group, rest: &[Piece]) -> bool {
        let brace = |piece: &Piece| {
            matches!(piece, Piece::Group(Group { delimiter: Delimiter::Brace, .. }))
        };
        let end = rest.iter().position(brace);
        let behind = width(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
        let open = if end.is_some() { " {".len() } else { 0 };
        // The group's first sign is there already, and a space may come behind it.
        self.column + group.width + behind + open <= WIDTH
    }

    fn word(&mut self, word: Word) {
        let word = word.of(&self.words);
        self.text.push_str(word);
        self.column += word.len();
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.len();
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.push("    ");
        }
    }

    fn newline(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }
}

/// How many pieces the first element of a list has, with its comma.
fn first_element(pieces: &[Piece]) -> usize {
    let mut angles = Angles::default();
    let mut ends = |piece: &Piece| {
        angles.count(piece);
        matches!(piece, Piece::Operator(",")) && angles.are_closed()
    };
    pieces.iter().position(&mut ends).map_or(pieces.len(), |place| place + 1)
}

/// `a, b` for `a, b,`. What has one element keeps it: that makes it a tuple.
fn without_last_comma(pieces: &[Piece]) -> &[Piece] {
    match pieces {
        [rest @ .., Piece::Operator(",")] if has_commas(rest) => rest,
        pieces => pieces,
    }
}

fn has_commas(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Operator(",")))
}

/// Whether braces hold a value that stands in a line: `{ self.at }.pid`, `&{ self.at }`.
fn is_value(before: Option<&Piece>, group: &Group, rest: &[Piece]) -> bool {
    let is_read = matches!(rest.first(), Some(Piece::Operator(".")));
    is_read || matches!(before, Some(Piece::Operator("&"))) && is_path(&group.pieces)
}

/// The dots of calls: `.field(..)` behind another call.
fn links(entry: &[Piece]) -> Vec<usize> {
    let windows = entry.windows(4).enumerate();
    windows
        .filter_map(|(place, window)| match window {
            [Piece::Group(_), Piece::Operator("."), Piece::Word(_), Piece::Group(_)] => {
                Some(place + 1)
            }
            _ => None,
        })
        .collect()
}

/// Angle brackets, in which commas end nothing.
#[derive(Default)]
struct Angles {
    open: usize,
}

impl Angles {
    fn count(&mut self, piece: &Piece) {
        match piece {
            Piece::Operator("<") => self.open += 1,
            Piece::Operator(">") => self.open = self.open.saturating_sub(1),
            Piece::Operator(">>") => self.open = self.open.saturating_sub(2),
            _ => {}
        }
    }

    fn are_closed(&self) -> bool {
        self.open == 0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proc_macro2::TokenStream;
    use quote::quote;

    use super::{Printer, WIDTH};
    use crate::builder::Builder;

    fn print(tokens: TokenStream) -> String {
        let mut printer = Printer::default();
        printer.print(tokens, 0);
        printer.finish()
    }

    #[test]
    fn lines_are_as_a_programmer_writes_them() {
        let tokens = quote! {
            #[doc = " It's \"so\"."]
            #[derive(Clone, Copy)]
            pub struct Event { #[doc(hidden)] pub r#type: ::core::option::Option<[u8; 4]>, pub at: Ptr<Ptr<()>>, }
            impl ::core::fmt::Debug for Event {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct("Event").field("type", &self.r#type).field("a_long_name", &{ self.at }).field("b", &1).finish()
                }
            }
            const _: () = { assert!(size_of::<Event>() == 12 && 1 <= 8); };
            layout!(Event, size 12, align 8, r#type 0);
            layout!(Event, size 12, align 8, a_rather_long_name 0, another_rather_long_name 4, yet_another_one_of_them 8, last 9);
            pub use self::{a, b};
            pub struct Empty {}
            fn new() -> Result<Self, Error> { Ok(Self { a: Maps { x: find(&object, "x")?, }, b, }) }
            fn name(self) -> u8 { match self.0 { 1 => f.write_str("x"), other => write!(f, "E({other})"), } }
        };
        let expected = r#"/// It's "so".
#[derive(Clone, Copy)]
pub struct Event {
    #[doc(hidden)]
    pub r#type: ::core::option::Option<[u8; 4]>,
    pub at: Ptr<Ptr<()>>,
}
impl ::core::fmt::Debug for Event {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Event")
            .field("type", &self.r#type)
            .field("a_long_name", &{ self.at })
            .field("b", &1)
            .finish()
    }
}
const _: () = {
    assert!(size_of::<Event>() == 12 && 1 <= 8);
};
layout!(Event, size 12, align 8, r#type 0);
layout!(
    Event, size 12, align 8, a_rather_long_name 0, another_rather_long_name 4,
    yet_another_one_of_them 8, last 9
);
pub use self::{a, b};
pub struct Empty {}
fn new() -> Result<Self, Error> {
    Ok(Self {
        a: Maps {
            x: find(&object, "x")?,
        },
        b,
    })
}
fn name(self) -> u8 {
    match self.0 {
        1 => f.write_str("x"),
        other => write!(f, "E({other})"),
    }
}
"#;
        assert_eq!(print(tokens), expected);
    }

    #[test]
    fn long_lists_are_broken_at_their_commas() {
        let tokens = quote! {
            fn set(the_very_first_of_the_arguments: &mut ::osmia::ObjectSpec, second_of_them: Result<u8, Error>) -> u8 {
                ::osmia::generated::bits::set_or_something_like_that(&mut self._bits_of_this, 12, 34, value as u128);
            }
        };
        let expected = "fn set(
    the_very_first_of_the_arguments: &mut ::osmia::ObjectSpec,
    second_of_them: Result<u8, Error>,
) -> u8 {
    ::osmia::generated::bits::set_or_something_like_that(
        &mut self._bits_of_this,
        12,
        34,
        value as u128,
    );
}
";
        assert_eq!(print(tokens), expected);
    }

    #[test]
    fn numbers_below_zero_are_numbers() {
        let minus = proc_macro2::Literal::i128_unsuffixed(-1);
        assert_eq!(print(quote!(const A: Self = Self(#minus);)), "const A: Self = Self(-1);\n");
    }

    #[test]
    fn printing_again_changes_nothing() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in [
            "osmia-build/testdata/bpf/events",
            "osmia-generated-tests/testdata/bpf/types",
            "osmia-generated-tests/testdata/bpf/module",
            "../testdata/bpf/struct_ops",
        ] {
            let source = crates.join(format!("{file}.bpf.c"));
            let module = Builder::new(source).generate().unwrap().module;
            syn::parse_file(&module).unwrap();
            let (_, text) = module.split_once("\n\n").unwrap();
            assert_eq!(print(module.parse().unwrap()), text, "{file}");
            let long = text.lines().filter(|line| line.len() > WIDTH && !line.contains("///"));
            assert_eq!(long.collect::<Vec<_>>(), [""; 0], "{file}");
        }
    }

    #[test]
    fn documentation_that_is_no_single_harmless_line_stays_an_attribute() {
        for text in ["a\nb", "/ four slashes", "\r", "\u{202e}"] {
            let printed = print(quote!(#[doc = #text] mod a {}));
            assert!(printed.starts_with("#[doc = \""), "{printed}");
        }
        let tokens = quote!(
            #[doc = " \\ \t 'ä'"]
            mod a {}
        );
        assert_eq!(print(tokens), "/// \\ \t 'ä'\nmod a {}\n");
    }
}
