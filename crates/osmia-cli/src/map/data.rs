//! Keys and values as people write them: bytes, or what their types say.

use osmia_btf::value::Input;
use osmia_btf::{Btf, TypeId};

use crate::address::address;
use crate::failure::Failure;
use crate::written::{integer_bytes, write};

/// What a key or value must be.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// What it is, for messages: `key` or `value`.
    pub what: &'a str,
    /// How many bytes it has.
    pub size: usize,
    /// Its type, if that is known.
    pub ty: Option<(&'a Btf, TypeId)>,
}

impl Wanted<'_> {
    /// The bytes that the words stand for: `hex` and bytes, as many numbers as there are bytes, or
    /// one value.
    ///
    /// # Errors
    /// They are neither, or do not fit.
    pub fn bytes(&self, words: &[String]) -> Result<Vec<u8>, Failure> {
        match words {
            [hex, rest @ ..] if hex == "hex" => self.hexadecimal(rest),
            [one] => self.value(one),
            many if many.len() == self.size => many.iter().map(|word| self.byte(word)).collect(),
            // A shell has taken the words of a value apart.
            many if self.ty.is_some() && begins_value(many) => self.value(&many.join(" ")),
            many => Err(self.count(many.len())),
        }
    }

    fn count(&self, given: usize) -> Failure {
        let Self { what, size, .. } = self;
        Failure::usage(format!("the {what} has {size} bytes, {given} are given"))
    }

    fn byte(&self, word: &str) -> Result<u8, Failure> {
        let parsed = match word.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16),
            None => word.parse(),
        };
        parsed.map_err(|_| {
            Failure::usage(format!(
                "`{word}` is no byte: in the {what} each word is one",
                what = self.what
            ))
        })
    }

    /// Bytes by two digits, with blanks between them or without.
    fn hexadecimal(&self, words: &[String]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        for word in words {
            let digits = word.strip_prefix("0x").unwrap_or(word);
            let read = if digits.len() <= 2 {
                u8::from_str_radix(digits, 16).ok().map(|byte| vec![byte])
            } else {
                digits_to_bytes(digits)
            };
            let read = read.ok_or_else(|| {
                Failure::usage(format!("`{word}` is no byte in hexadecimal digits"))
            })?;
            bytes.extend(read);
        }
        if bytes.len() == self.size { Ok(bytes) } else { Err(self.count(bytes.len())) }
    }

    /// One value of the type, if there is one.
    fn value(&self, word: &str) -> Result<Vec<u8>, Failure> {
        if let Some((btf, id)) = self.ty.filter(|_| self.size > 0) {
            return self.typed(btf, id, word);
        }
        if let Some(bytes) = address(word, self.size) {
            return Ok(bytes);
        }
        let plain = match Input::parse(word) {
            Ok(Input::Integer(integer)) => integer_bytes(&integer, self.size),
            Ok(Input::Text(text)) if text.len() <= self.size => {
                let mut text = text;
                text.resize(self.size, 0);
                Some(text)
            }
            _ => None,
        };
        let digits = word.strip_prefix("0x").and_then(digits_to_bytes);
        plain.or(digits.filter(|bytes| bytes.len() == self.size)).ok_or_else(|| {
            let Self { what, size, .. } = self;
            Failure::usage(format!(
                "`{word}` is no {what} of {size} bytes, and its type is not known: a number, an address, \
                 \"text\" or bytes in hexadecimal would do"
            ))
        })
    }

    fn typed(&self, btf: &Btf, id: TypeId, word: &str) -> Result<Vec<u8>, Failure> {
        let attempt = || {
            let title = osmia_btf::c::title(btf, id, "").unwrap_or_default();
            format!("take `{word}` for a {} ({title})", self.what)
        };
        let mut bytes = vec![0; self.size.max(btf.size_of(id).unwrap_or(0) as usize)];
        write(btf, id, "", word, &mut bytes)
            .map_err(|why| Failure::usage(format!("{}: {why}", attempt())))?;
        bytes.resize(self.size, 0);
        Ok(bytes)
    }
}

fn begins_value(words: &[String]) -> bool {
    words.first().is_some_and(|word| word.starts_with(['{', '[', '"']))
}

fn digits_to_bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || digits.len() % 2 != 0 || !digits.is_ascii() {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or("?"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use osmia_btf::{Btf, Kind, TypeId};

    use super::Wanted;

    fn bytes(size: usize, words: &str) -> Result<Vec<u8>, String> {
        typed(size, None, words)
    }

    fn typed(size: usize, ty: Option<(&Btf, TypeId)>, words: &str) -> Result<Vec<u8>, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Wanted { what: "key", size, ty }.bytes(&words).map_err(|failure| failure.message())
    }

    #[test]
    fn bytes_are_written_one_by_one() {
        assert_eq!(bytes(4, "1 2 0x10 255").unwrap(), [1, 2, 16, 255]);
        assert_eq!(bytes(4, "hex 01 0 ff 0xa").unwrap(), [1, 0, 255, 10]);
        assert_eq!(bytes(4, "hex 0100ff0a").unwrap(), [1, 0, 255, 10]);
        assert_eq!(bytes(1, "7").unwrap(), [7]);
        assert!(bytes(4, "1 2 3").unwrap_err().contains("has 4 bytes, 3 are given"));
        assert!(bytes(4, "1 2 3 256").unwrap_err().contains("`256` is no byte"));
        assert!(bytes(4, "hex 01 02").unwrap_err().contains("2 are given"));
    }

    #[test]
    fn values_without_types_are_numbers_addresses_text_or_digits() {
        assert_eq!(bytes(8, "9").unwrap(), 9_u64.to_ne_bytes());
        assert_eq!(bytes(4, "-1").unwrap(), [255; 4]);
        assert!(bytes(2, "65536").is_err());
        assert_eq!(bytes(4, "10.0.0.1").unwrap(), [10, 0, 0, 1]);
        assert_eq!(bytes(6, "02:00:00:00:00:0a").unwrap(), [2, 0, 0, 0, 0, 10]);
        assert_eq!(bytes(16, "::1").unwrap()[15], 1);
        let prefix = [&8_u32.to_ne_bytes()[..], &[10, 0, 0, 0]].concat();
        assert_eq!(bytes(8, "10.0.0.0/8").unwrap(), prefix);
        assert_eq!(bytes(4, "\"ab\"").unwrap(), *b"ab\0\0");
        assert_eq!(bytes(20, &format!("0x{}", "0a".repeat(20))).unwrap(), [10; 20]);
        assert!(bytes(4, "nonsense").unwrap_err().contains("its type is not known"));
    }

    #[test]
    fn types_are_heeded() {
        let btf = Btf::parse(osmia_btf::doc_fixture(), None).unwrap();
        let point = btf.find(Kind::Struct, "point").unwrap().unwrap().id();
        let expected = [3, 0, 0, 0, 255, 255, 255, 255];
        for words in ["{\"x\":3,\"y\":-1}", "{ x: 3, y: -1 }", "3 0 0 0 255 255 255 255"] {
            assert_eq!(typed(8, Some((&btf, point)), words).unwrap(), expected, "{words}");
        }
        let address = typed(8, Some((&btf, point)), "{x:\"10.0.0.1\"}").unwrap();
        assert_eq!(address[..4], [10, 0, 0, 1]);
        let error = typed(8, Some((&btf, point)), "{z:1}").unwrap_err();
        assert!(error.contains("(struct point)") && error.contains("has no z"), "{error}");
    }
}
