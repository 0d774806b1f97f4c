//! Values as JSON.

use std::fmt::Write as _;

use crate::ty::Type;
use crate::value::sink::{Scalar, Sink};

/// Writes values as JSON.
///
/// Integers are numbers, but for those beyond 64 bits, which are strings as no reader
/// takes them otherwise; enums are their names; pointers are strings like `"0xffff"`;
/// bytes of text that are no UTF-8 are U+FFFD; floats that are no numbers are `null`.
#[derive(Clone, Debug, Default)]
pub struct Json {
    out: String,
    pretty: bool,
    level: usize,
    first: bool,
    named: bool,
}

impl Json {
    /// Writes on one line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes each field and element on a line of its own, indented.
    pub fn pretty() -> Self {
        Self { pretty: true, ..Self::default() }
    }

    /// The text so far.
    pub fn into_string(self) -> String {
        self.out
    }

    fn separate(&mut self) {
        if std::mem::take(&mut self.named) || self.level == 0 {
            return;
        }
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        self.line();
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            for _ in 0..self.level {
                self.out.push_str("  ");
            }
        }
    }

    fn open(&mut self, brace: char) {
        self.separate();
        self.out.push(brace);
        self.level += 1;
        self.first = true;
    }

    fn close(&mut self, brace: char) {
        self.level = self.level.saturating_sub(1);
        if !std::mem::take(&mut self.first) {
            self.line();
        }
        self.out.push(brace);
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let written = self.out.write_fmt(text);
        debug_assert!(written.is_ok());
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                '\r' => self.out.push_str("\\r"),
                c if c < ' ' => self.put(format_args!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

impl Sink for Json {
    fn scalar(&mut self, scalar: Scalar<'_>) {
        self.separate();
        match scalar {
            Scalar::Bool(value) => self.put(format_args!("{value}")),
            Scalar::Char(byte) => self.put(format_args!("{byte}")),
            Scalar::Signed(value) if i64::try_from(value).is_err() => {
                self.put(format_args!("\"{value}\""));
            }
            Scalar::Signed(value) => self.put(format_args!("{value}")),
            Scalar::Unsigned(value) if u64::try_from(value).is_err() => {
                self.put(format_args!("\"{value}\""));
            }
            Scalar::Unsigned(value) => self.put(format_args!("{value}")),
            Scalar::Float(value) if value.is_finite() => self.put(format_args!("{value:?}")),
            Scalar::Float(_) => self.out.push_str("null"),
            Scalar::Enum { name, .. } => self.string(name),
            Scalar::Pointer(address) => self.put(format_args!("\"{address:#x}\"")),
            Scalar::Text(bytes) => self.string(&String::from_utf8_lossy(bytes)),
            Scalar::Bytes(bytes) => {
                self.out.push_str("\"0x");
                for byte in bytes {
                    self.put(format_args!("{byte:02x}"));
                }
                self.out.push('"');
            }
        }
    }

    fn begin_struct(&mut self, _: &Type<'_>) {
        self.open('{');
    }

    fn field(&mut self, name: &str) {
        self.separate();
        self.string(name);
        self.out.push_str(if self.pretty { ": " } else { ":" });
        self.named = true;
    }

    fn end_struct(&mut self) {
        self.close('}');
    }

    fn begin_array(&mut self, _: usize) {
        self.open('[');
    }

    fn end_array(&mut self) {
        self.close(']');
    }
}
