//! Reading JSON, and what is close to it.

use crate::value::error::{Problem, ValueError};
use crate::value::input::{Input, Integer};

/// Deeper nests are made to hurt.
const DEPTH: u32 = 64;

type Parsed<T> = Result<T, ValueError>;

pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The value that the whole text is.
    pub fn whole(mut self) -> Parsed<Input> {
        let value = self.value(DEPTH)?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.problem("there is more behind the value")),
        }
    }

    fn value(&mut self, depth: u32) -> Parsed<Input> {
        let depth = depth.checked_sub(1).ok_or(Problem::TooMuch)?;
        match self.peek() {
            None => Err(self.problem("a value is missing")),
            Some('{') => self.fields(depth),
            Some('[') => self.list(depth),
            Some('"') => Ok(Input::Text(self.quoted('"')?)),
            Some('\'') => self.character(),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            Some(c) if is_letter(c) => Ok(self.word()),
            Some(_) => Err(self.problem("this begins no value")),
        }
    }

    fn fields(&mut self, depth: u32) -> Parsed<Input> {
        self.skip();
        let mut fields = Vec::new();
        while !self.take('}') {
            // `.name = value` is how C writes it.
            self.take('.');
            let name = match self.peek() {
                Some('"') => String::from_utf8(self.quoted('"')?)
                    .map_err(|_| self.problem("a field's name is no text"))?,
                Some(c) if is_letter(c) => self.letters().to_owned(),
                _ => return Err(self.problem("a field's name or `}` is missing")),
            };
            if !self.take(':') && !self.take('=') {
                return Err(self.problem("`:` is missing"));
            }
            fields.push((name, self.value(depth)?));
            if !self.take(',') && self.peek() != Some('}') {
                return Err(self.problem("`,` or `}` is missing"));
            }
        }
        Ok(Input::Fields(fields))
    }

    fn list(&mut self, depth: u32) -> Parsed<Input> {
        self.skip();
        let mut list = Vec::new();
        while !self.take(']') {
            list.push(self.value(depth)?);
            if !self.take(',') && self.peek() != Some(']') {
                return Err(self.problem("`,` or `]` is missing"));
            }
        }
        Ok(Input::List(list))
    }

    fn character(&mut self) -> Parsed<Input> {
        match self.quoted('\'')?.as_slice() {
            &[byte] => Ok(Input::from(u64::from(byte))),
            _ => Err(self.problem("between '' there must be one character of one byte")),
        }
    }

    fn word(&mut self) -> Input {
        match self.letters() {
            "null" | "NULL" => Input::Null,
            "true" => Input::Bool(true),
            "false" => Input::Bool(false),
            "inf" => Input::Float(f64::INFINITY),
            "NaN" => Input::Float(f64::NAN),
            name => Input::Name(name.to_owned()),
        }
    }

    fn number(&mut self) -> Parsed<Input> {
        let rest = self.rest();
        let exponent = |(at, c): (usize, char)| {
            matches!(c, '+' | '-') && at > 0 && rest[..at].ends_with(['e', 'E'])
        };
        let is_part = |(at, c): (usize, char)| {
            at == 0 || c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || exponent((at, c))
        };
        let len =
            rest.char_indices().find(|&place| !is_part(place)).map_or(rest.len(), |(at, _)| at);
        let text = rest.get(..len).unwrap_or_default();
        let number = number(text).ok_or_else(|| self.problem("this is no number"))?;
        self.at += len;
        Ok(number)
    }

    /// Bytes between quotes.
    fn quoted(&mut self, quote: char) -> Parsed<Vec<u8>> {
        self.skip();
        let mut bytes = Vec::new();
        loop {
            let c = self.next().ok_or_else(|| self.problem("the closing quote is missing"))?;
            match c {
                c if c == quote => return Ok(bytes),
                '\\' => self.escape(&mut bytes)?,
                c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Parsed<()> {
        match self.next() {
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('r') => bytes.push(b'\r'),
            Some('b') => bytes.push(8),
            Some('f') => bytes.push(12),
            Some('0') => bytes.push(0),
            Some(c @ ('"' | '\'' | '\\' | '/')) => bytes.push(c as u8),
            Some('x') => bytes.push(self.hex(2)? as u8),
            Some('u') => {
                let c = self.utf16()?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return Err(self.problem("this is no escape")),
        }
        Ok(())
    }

    /// What `\u` begins: one or two halves of a character.
    fn utf16(&mut self) -> Parsed<char> {
        let first = self.hex(4)?;
        let mut units = vec![first as u16];
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            units.push(self.hex(4)? as u16);
        }
        let c = char::decode_utf16(units).next().and_then(Result::ok);
        c.ok_or_else(|| self.problem("half a character"))
    }

    fn hex(&mut self, digits: usize) -> Parsed<u32> {
        let number = self.rest().get(..digits).filter(|d| d.bytes().all(|d| d.is_ascii_hexdigit()));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or_else(|| self.problem("hexadecimal digits are missing"))?;
        self.at += digits;
        Ok(number)
    }

    /// The letters, digits and underscores that come next.
    fn letters(&mut self) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c: char| !is_letter(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.skip();
        }
        is_next
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self) {
        self.next();
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn problem(&self, problem: &'static str) -> ValueError {
        let at = self.text.get(..self.at).unwrap_or_default().chars().count();
        Problem::Syntax { at, problem }.into()
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// The number that the text is.
pub(super) fn number(text: &str) -> Option<Input> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase().replace('_', "");
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        _ => (10, lower.as_str()),
    };
    if matches!(lower.as_str(), "inf" | "nan") {
        let value: f64 = lower.parse().ok()?;
        return Some(Input::Float(if negative { -value } else { value }));
    }
    // `from_str_radix` takes a sign of its own, of which there was one already.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit() || c == '.') {
        return None;
    }
    if let Ok(magnitude) = u128::from_str_radix(digits, radix) {
        return Some(Input::Integer(Integer { negative, magnitude, is_pattern: radix != 10 }));
    }
    let is_float = radix == 10 && digits.contains(['.', 'e']);
    let value: f64 = is_float.then(|| digits.parse().ok()).flatten()?;
    Some(Input::Float(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::number;
    use crate::value::input::{Input, Integer};

    fn integer(negative: bool, magnitude: u128, is_pattern: bool) -> Input {
        Input::Integer(Integer { negative, magnitude, is_pattern })
    }

    #[test]
    fn json() {
        let text = r#" {"a": [1, -2, 3.5, 1e3], "b": {"c": "x\u00e9\ud83d\ude00\n\\"}, "d": true, "e": null} "#;
        let expected = Input::Fields(vec![
            (
                "a".into(),
                Input::List(vec![
                    integer(false, 1, false),
                    integer(true, 2, false),
                    Input::Float(3.5),
                    Input::Float(1000.0),
                ]),
            ),
            ("b".into(), Input::Fields(vec![("c".into(), Input::from("xé😀\n\\"))])),
            ("d".into(), Input::Bool(true)),
            ("e".into(), Input::Null),
        ]);
        assert_eq!(Input::parse(text), Ok(expected));
    }

    #[test]
    fn the_looser_form() {
        let text =
            r"{ .kind = EXEC, mask: 0xff, bits: 0b101, c: 'a', raw = '\xfe', list: [1_000,], }";
        let expected = Input::Fields(vec![
            ("kind".into(), Input::Name("EXEC".into())),
            ("mask".into(), integer(false, 255, true)),
            ("bits".into(), integer(false, 5, true)),
            ("c".into(), integer(false, 97, false)),
            ("raw".into(), integer(false, 254, false)),
            ("list".into(), Input::List(vec![integer(false, 1000, false)])),
        ]);
        assert_eq!(Input::parse(text), Ok(expected));
        assert_eq!(Input::parse(r#""\xff\0""#), Ok(Input::Text(vec![0xff, 0])));
        assert_eq!(Input::parse("{}"), Ok(Input::Fields(vec![])));
        assert_eq!(Input::parse("-5"), Ok(Input::from(-5_i64)));
    }

    #[test]
    fn numbers() {
        assert_eq!(
            number("340282366920938463463374607431768211455"),
            Some(integer(false, u128::MAX, false))
        );
        for text in ["", "-", "0x", "1x", "--1", "1.2.3", "0x1.5", "e5", "12abc", "+-1", "0x-1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_a_float() {
        assert_eq!(Input::parse("inf"), Ok(Input::Float(f64::INFINITY)));
        assert_eq!(Input::parse("-inf"), Ok(Input::Float(f64::NEG_INFINITY)));
        assert!(matches!(Input::parse("NaN"), Ok(Input::Float(value)) if value.is_nan()));
    }

    #[test]
    fn what_is_wrong_and_where() {
        for (text, error) in [
            ("", "at character 0: a value is missing"),
            ("{ a 1 }", "at character 4: `:` is missing"),
            ("{ a: 1 b: 2 }", "at character 7: `,` or `}` is missing"),
            ("[1", "at character 2: `,` or `]` is missing"),
            ("\"abc", "at character 4: the closing quote is missing"),
            ("é 5", "at character 2: there is more behind the value"),
            ("12abc", "at character 0: this is no number"),
            ("'ab'", "at character 4: between '' there must be one character of one byte"),
            ("\"\\q\"", "at character 3: this is no escape"),
            ("\"\\ud800\"", "at character 7: half a character"),
            ("*", "at character 0: this begins no value"),
        ] {
            assert_eq!(Input::parse(text).unwrap_err().to_string(), error, "{text}");
        }
        assert!(Input::parse(&"[".repeat(100_000)).is_err());
    }
}
