//! Keys and values as people write them: bytes, or what their types say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use osmia_btf::value::{Input, Integer, ValueError};
use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::failure::Failure;

/// Deeper values are refused when they are encoded.
const DEPTH: u32 = 64;

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
        if let Some(bytes) = address(word, self.size) {
            return Ok(bytes);
        }
        if let Some((btf, id)) = self.ty.filter(|_| self.size > 0) {
            return self.typed(btf, id, word);
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
        let encoded = input(btf, id, word).and_then(|input| input.encode(btf, id));
        let mut bytes =
            encoded.map_err(|error| Failure::usage(format!("{}: {error}", attempt())))?;
        bytes.resize(self.size, 0);
        Ok(bytes)
    }
}

/// What a word says for a type: JSON or what is close to it, addresses as text, and text without
/// quotes where the type is an array of characters.
///
/// # Errors
/// It is none of these.
pub fn input(btf: &Btf, id: TypeId, word: &str) -> Result<Input, ValueError> {
    let text = || Input::Text(word.as_bytes().to_vec());
    match Input::parse(word) {
        Err(_) if is_text(btf, id) => Ok(text()),
        Ok(Input::Integer(_) | Input::Name(_) | Input::Bool(_)) if is_text(btf, id) => Ok(text()),
        Ok(input) => Ok(adapt(btf, id, input, DEPTH)),
        Err(error) => Err(error),
    }
}

fn begins_value(words: &[String]) -> bool {
    words.first().is_some_and(|word| word.starts_with(['{', '[', '"']))
}

/// An address in the order of bytes that networks use, if the word is one and has this size: IPv4,
/// IPv6, MAC; and with `/BITS`, which is what tries hold.
fn address(word: &str, size: usize) -> Option<Vec<u8>> {
    if let Some((address, bits)) = word.split_once('/') {
        let (address, bits) = (ip(address)?, bits.parse::<u32>().ok()?);
        let fits = bits as usize <= address.len() * 8 && size == 4 + address.len();
        return fits.then(|| [&bits.to_ne_bytes()[..], &address].concat());
    }
    let bytes = match word.contains('.') || word.matches(':').count() != 5 {
        true => ip(word)?,
        false => mac(word).or_else(|| ip(word))?,
    };
    (bytes.len() == size).then_some(bytes)
}

fn ip(word: &str) -> Option<Vec<u8>> {
    match word.parse().ok()? {
        IpAddr::V4(address) => Some(address.octets().to_vec()),
        IpAddr::V6(address) => Some(address.octets().to_vec()),
    }
}

fn mac(word: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = word
        .split(':')
        .map(|part| (part.len() <= 2).then(|| u8::from_str_radix(part, 16).ok()).flatten())
        .collect::<Option<_>>()?;
    (bytes.len() == 6).then_some(bytes)
}

fn digits_to_bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || digits.len() % 2 != 0 || !digits.is_ascii() {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or("?"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// A number in so many bytes of this machine, if they hold it.
fn integer_bytes(integer: &Integer, size: usize) -> Option<Vec<u8>> {
    let bits = u32::try_from(size.checked_mul(8)?).ok().filter(|bits| (1..=128).contains(bits))?;
    let all = u128::MAX >> (128 - bits);
    let fits = if integer.negative {
        integer.magnitude <= (all >> 1) + 1
    } else {
        integer.magnitude <= all
    };
    let raw = if integer.negative { integer.magnitude.wrapping_neg() } else { integer.magnitude };
    if !fits {
        return None;
    }
    if cfg!(target_endian = "big") {
        raw.to_be_bytes().get(16 - size..).map(<[u8]>::to_vec)
    } else {
        raw.to_le_bytes().get(..size).map(<[u8]>::to_vec)
    }
}

/// Whether a type is an array of characters.
fn is_text(btf: &Btf, id: TypeId) -> bool {
    let element = |ty: &Type<'_>| btf.resolve(ty.array()?.element).ok()?.int();
    btf.resolve(id).ok().and_then(|ty| element(&ty)).is_some_and(|int| int.size == 1)
}

/// The same value with addresses in it as the numbers or bytes that they are.
fn adapt(btf: &Btf, id: TypeId, input: Input, depth: u32) -> Input {
    let (Ok(ty), Some(depth)) = (btf.resolve(id), depth.checked_sub(1)) else { return input };
    match (ty.kind(), input) {
        (Kind::Int, Input::Text(text)) => match parse::<Ipv4Addr>(&text) {
            Some(address) if ty.own_size() == Some(4) => pattern(&address.octets()),
            _ => Input::Text(text),
        },
        (Kind::Array, Input::Text(text)) => {
            let len = ty.array().map_or(0, |array| array.len as usize);
            let size = ty.array().and_then(|array| btf.size_of(array.element).ok()).unwrap_or(0);
            match std::str::from_utf8(&text)
                .ok()
                .and_then(|text| address(text, len * size as usize))
            {
                Some(bytes) => {
                    Input::List(bytes.chunks((size as usize).max(1)).map(pattern).collect())
                }
                None => Input::Text(text),
            }
        }
        (Kind::Array, Input::Name(name)) if is_text(btf, id) => Input::Text(name.into_bytes()),
        (Kind::Array, Input::Integer(number)) if is_text(btf, id) => {
            Input::Text(number.to_string().into_bytes())
        }
        (Kind::Array, Input::List(list)) => {
            let element = ty.array().map_or(id, |array| array.element);
            Input::List(list.into_iter().map(|input| adapt(btf, element, input, depth)).collect())
        }
        (Kind::Struct | Kind::Union, Input::Text(text)) => in6(btf, &ty, text),
        (Kind::Struct | Kind::Union, Input::Fields(fields)) => {
            let field = |(name, input): (String, Input)| {
                let member = btf.member_named(&ty, &name).ok().flatten();
                let input = match member {
                    Some((member, _)) => adapt(btf, member.ty, input, depth),
                    None => input,
                };
                (name, input)
            };
            Input::Fields(fields.into_iter().map(field).collect())
        }
        (_, input) => input,
    }
}

/// A `struct in6_addr` from an address in text.
fn in6(btf: &Btf, ty: &Type<'_>, text: Vec<u8>) -> Input {
    const BYTES: &str = "u6_addr8";
    let member = btf.member(ty.id(), &format!("in6_u.{BYTES}")).is_ok();
    match parse::<Ipv6Addr>(&text) {
        Some(address) if member => {
            let bytes = address.octets().iter().map(|&byte| Input::from(u64::from(byte))).collect();
            let bytes = (BYTES.to_owned(), Input::List(bytes));
            Input::Fields(vec![("in6_u".to_owned(), Input::Fields(vec![bytes]))])
        }
        _ => Input::Text(text),
    }
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number whose bytes in memory are these.
fn pattern(bytes: &[u8]) -> Input {
    let shift = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
    let magnitude = if cfg!(target_endian = "big") {
        bytes.iter().fold(0, shift)
    } else {
        bytes.iter().rev().fold(0, shift)
    };
    Input::Integer(Integer { negative: false, magnitude, is_pattern: true })
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
