//! Values as text for people.

use std::fmt::Write as _;

use crate::ty::Type;
use crate::value::sink::{Scalar, Sink};

/// Writes values as one reads them in C: `{ pid: 12, comm: "bash", kind: EXEC }`.
///
/// What it writes can be read back by [`Input::parse`](crate::value::Input::parse).
#[derive(Clone, Debug, Default)]
pub struct Text {
    out: String,
    pretty: bool,
    level: usize,
    /// Whether nothing has been written yet since the last brace or bracket.
    first: bool,
    /// Whether a field's name was the last thing written.
    named: bool,
    /// For each level: whether it is an array.
    arrays: Vec<bool>,
}

impl Text {
    /// Writes on one line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes each field on a line of its own, indented.
    pub fn pretty() -> Self {
        Self { pretty: true, ..Self::default() }
    }

    /// The text so far.
    pub fn into_string(self) -> String {
        self.out
    }

    /// What stands in front of a value or a field's name.
    fn separate(&mut self) {
        if std::mem::take(&mut self.named) || self.level == 0 {
            return;
        }
        let first = std::mem::take(&mut self.first);
        let in_array = self.arrays.last().is_some_and(|&is| is);
        if !first {
            self.out.push(',');
        }
        // Numbers of an array stand side by side.
        match (self.pretty && !in_array, first && in_array) {
            (true, _) => self.line(),
            (false, false) => self.out.push(' '),
            (false, true) => {}
        }
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.level {
            self.out.push_str("    ");
        }
    }

    fn open(&mut self, brace: char, is_array: bool) {
        self.separate();
        self.out.push(brace);
        self.level += 1;
        self.first = true;
        self.arrays.push(is_array);
    }

    fn close(&mut self, brace: char) {
        let empty = std::mem::take(&mut self.first);
        let was_array = self.arrays.pop().unwrap_or_default();
        self.level = self.level.saturating_sub(1);
        match (empty || was_array, self.pretty) {
            (true, _) => {}
            (false, true) => self.line(),
            (false, false) => self.out.push(' '),
        }
        self.out.push(brace);
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let written = self.out.write_fmt(text);
        debug_assert!(written.is_ok());
    }
}

impl Sink for Text {
    fn scalar(&mut self, scalar: Scalar<'_>) {
        self.separate();
        match scalar {
            Scalar::Bool(value) => self.put(format_args!("{value}")),
            Scalar::Char(byte) => {
                self.out.push('\'');
                escape(&mut self.out, &[byte], '\'');
                self.out.push('\'');
            }
            Scalar::Signed(value) => self.put(format_args!("{value}")),
            Scalar::Unsigned(value) => self.put(format_args!("{value}")),
            Scalar::Float(value) => self.put(format_args!("{value:?}")),
            Scalar::Enum { name, .. } => self.out.push_str(name),
            Scalar::Pointer(address) => self.put(format_args!("{address:#x}")),
            Scalar::Text(bytes) => {
                self.out.push('"');
                escape(&mut self.out, bytes, '"');
                self.out.push('"');
            }
            Scalar::Bytes(bytes) => {
                self.out.push_str("0x");
                for byte in bytes {
                    self.put(format_args!("{byte:02x}"));
                }
            }
        }
    }

    fn begin_struct(&mut self, _: &Type<'_>) {
        self.open('{', false);
    }

    fn field(&mut self, name: &str) {
        self.separate();
        self.out.push_str(name);
        self.out.push_str(": ");
        self.named = true;
    }

    fn end_struct(&mut self) {
        self.close('}');
    }

    fn begin_array(&mut self, _: usize) {
        self.open('[', true);
    }

    fn end_array(&mut self) {
        self.close(']');
    }
}

/// Writes bytes as they stand between quotes: text as it is, the rest by number.
fn escape(out: &mut String, bytes: &[u8], quote: char) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c == quote || c == '\\' => out.extend(['\\', c]),
                c if c.is_control() => escape_bytes(out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.push(c),
            }
        }
        escape_bytes(out, chunk.invalid());
    }
}

fn escape_bytes(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let written = write!(out, "\\x{byte:02x}");
        debug_assert!(written.is_ok());
    }
}
