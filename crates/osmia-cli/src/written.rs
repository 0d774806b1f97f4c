//! Values as people write them, read for a type.
//!
//! One rule for variables, before and after loading, for keys and values of maps, and for contexts:
//! - JSON or what is close to it; fields and elements that are not mentioned stay as they are;
//! - an address (IPv4, IPv6, MAC; with `/BITS` for the keys of tries), without quotes or as text in
//!   JSON, where the type has its size;
//! - text, without quotes if all of the value is text, where the type is an array of characters or
//!   bytes. One byte is kept for the NUL behind it; a list fills all.

use std::net::{Ipv4Addr, Ipv6Addr};

use osmia_btf::value::{Input, Integer};
use osmia_btf::{Btf, Kind, Type, TypeId, c};

use crate::address::address;

/// Deeper values are refused when they are encoded.
const DEPTH: u32 = 64;

/// Writes what a word says over the bytes of a value of this type, or over the part of it that a
/// path leads to.
///
/// # Errors
/// The word says nothing that the type can hold, or the path leads nowhere.
pub fn write(
    btf: &Btf,
    id: TypeId,
    path: &str,
    word: &str,
    bytes: &mut [u8],
) -> Result<(), String> {
    if path.is_empty() {
        if let Some(plain) = plain_address(btf, id, word) {
            return copy(&plain, 0, bytes);
        }
        return input(btf, id, word)?.write(btf, id, bytes).map_err(|error| error.to_string());
    }
    let place = btf.member(id, path).map_err(|error| error.to_string())?;
    if let Some(plain) = plain_address(btf, place.ty, word).filter(|_| place.bitfield.is_none()) {
        return copy(&plain, (place.offset.0 / 8) as usize, bytes);
    }
    let input = input(btf, place.ty, word)?;
    input.write_at(btf, id, path, bytes).map_err(|error| error.to_string())
}

/// Takes the name of a variable and the path to a part of it apart: `limits.most[1]`. Static
/// variables of functions have dots in their names, so that whole names come first.
pub fn name_and_path(written: &str, is_name: impl Fn(&str) -> bool) -> (&str, &str) {
    let starts = written.match_indices(['.', '[']).map(|(at, _)| at);
    let mut ends: Vec<usize> = starts.chain([written.len()]).collect();
    let first = ends.first().copied();
    // The longest that is a name; else the first, which messages then tell of.
    ends.reverse();
    let known = ends.into_iter().find(|end| written.get(..*end).is_some_and(&is_name));
    let end = known.or(first).unwrap_or(written.len());
    let (name, path) = written.split_at_checked(end).unwrap_or((written, ""));
    (name, path.strip_prefix('.').unwrap_or(path))
}

/// A number in so many bytes of this machine, if they hold it.
pub fn integer_bytes(integer: &Integer, size: usize) -> Option<Vec<u8>> {
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

fn copy(from: &[u8], at: usize, to: &mut [u8]) -> Result<(), String> {
    let place = at.checked_add(from.len()).and_then(|end| to.get_mut(at..end));
    place.ok_or("it lies outside of the value")?.copy_from_slice(from);
    Ok(())
}

/// The bytes of a word that is an address, where the type is as long as it and nothing that the
/// word could say otherwise.
fn plain_address(btf: &Btf, id: TypeId, word: &str) -> Option<Vec<u8>> {
    let ty = btf.resolve(id).ok()?;
    let bytes = address(word, btf.size_of(id).ok()? as usize)?;
    match ty.kind() {
        Kind::Int if word.contains('/') => None,
        Kind::Int | Kind::Struct | Kind::Union => Some(bytes),
        Kind::Array => (!is_rather_text(btf, &ty, word)).then_some(bytes),
        _ => None,
    }
}

/// What a word that is no address says for a type.
fn input(btf: &Btf, id: TypeId, word: &str) -> Result<Input, String> {
    let is_text = btf.resolve(id).is_ok_and(|ty| is_text(btf, &ty));
    let input = match Input::parse(word) {
        Err(error) if !is_text => return Err(error.to_string()),
        // Digits and words are text as well, if that is what the type holds.
        Err(_) | Ok(Input::Integer(_) | Input::Name(_) | Input::Bool(_) | Input::Float(_))
            if is_text =>
        {
            Input::Text(word.as_bytes().to_vec())
        }
        Ok(input) => input,
        Err(error) => return Err(error.to_string()),
    };
    adapt(btf, id, input, DEPTH)
}

/// Whether a type is an array of characters or bytes.
fn is_text(btf: &Btf, ty: &Type<'_>) -> bool {
    let element = ty.array().and_then(|array| btf.resolve(array.element).ok());
    element.and_then(|element| element.int()).is_some_and(|int| int.size == 1)
}

/// Whether what is an address as well is meant as text: there is room for it in an array of `char`.
fn is_rather_text(btf: &Btf, ty: &Type<'_>, word: &str) -> bool {
    ty.array().is_some_and(|array| {
        let is_char = btf.resolve(array.element).is_ok_and(|element| element.name() == "char");
        is_char && word.len() < array.len as usize
    })
}

/// The same value with addresses in it as the numbers or bytes that they are.
fn adapt(btf: &Btf, id: TypeId, input: Input, depth: u32) -> Result<Input, String> {
    let (Ok(ty), Some(depth)) = (btf.resolve(id), depth.checked_sub(1)) else { return Ok(input) };
    Ok(match (ty.kind(), input) {
        (Kind::Int, Input::Text(text)) => match parse::<Ipv4Addr>(&text) {
            Some(address) if ty.own_size() == Some(4) => pattern(&address.octets()),
            _ => Input::Text(text),
        },
        (Kind::Array, Input::Text(text)) => return array(btf, &ty, text),
        (Kind::Array, Input::Name(name)) if is_text(btf, &ty) => {
            return array(btf, &ty, name.into_bytes());
        }
        (Kind::Array, Input::Integer(number)) if is_text(btf, &ty) => {
            return array(btf, &ty, number.to_string().into_bytes());
        }
        (Kind::Array, Input::List(list)) => {
            let element = ty.array().map_or(id, |array| array.element);
            let list = list.into_iter().map(|input| adapt(btf, element, input, depth));
            Input::List(list.collect::<Result<_, _>>()?)
        }
        (Kind::Struct | Kind::Union, Input::Text(text)) => in6(btf, &ty, text),
        (Kind::Struct | Kind::Union, Input::Fields(fields)) => {
            let field = |(name, input): (String, Input)| {
                let member = btf.member_named(&ty, &name).ok().flatten();
                let input = match member {
                    Some((member, _)) => adapt(btf, member.ty, input, depth)
                        .map_err(|why| format!("{name}: {why}"))?,
                    None => input,
                };
                Ok((name, input))
            };
            Input::Fields(fields.into_iter().map(field).collect::<Result<_, String>>()?)
        }
        (_, input) => input,
    })
}

/// Text for an array: an address of its size, or characters with a NUL behind them.
fn array(btf: &Btf, ty: &Type<'_>, text: Vec<u8>) -> Result<Input, String> {
    let len = ty.array().map_or(0, |array| array.len as usize);
    let size = ty.array().and_then(|array| btf.size_of(array.element).ok()).unwrap_or(0) as usize;
    let words = std::str::from_utf8(&text).ok().filter(|word| !is_rather_text(btf, ty, word));
    if let Some(bytes) = words.and_then(|word| address(word, len.saturating_mul(size))) {
        return Ok(Input::List(bytes.chunks(size.max(1)).map(pattern).collect()));
    }
    if is_text(btf, ty) && text.len() >= len {
        return Err(format!(
            "it is {} and has room for {} bytes and a NUL, the text has {} bytes (a list fills all: [97, 98])",
            c::title(btf, ty.id(), "").unwrap_or_default(),
            len.saturating_sub(1),
            text.len()
        ));
    }
    Ok(Input::Text(text))
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
    use osmia_object::ObjectSpec;
    use osmia_testkit::fixture::Fixture;

    use super::{name_and_path, write};

    /// The bytes of a variable of the test's object after a word was written into a part of it.
    fn written(spec: &ObjectSpec, name: &str, path: &str, word: &str) -> Result<Vec<u8>, String> {
        let variable = spec.variable(name).unwrap();
        let mut bytes = variable.bytes().into_owned();
        let btf = spec.btf.as_ref().unwrap();
        write(btf, variable.spec().ty.unwrap(), path, word, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn addresses_text_and_parts_are_read_by_the_type() {
        let Some(bytes) = Fixture::new("written").bytes() else { return };
        let spec = ObjectSpec::parse("written", bytes.into()).unwrap();
        let written = |name: &str, path: &str, word: &str| written(&spec, name, path, word);
        assert_eq!(written("ip", "", "10.0.0.1").unwrap(), [10, 0, 0, 1]);
        assert_eq!(written("ip", "", "7").unwrap(), 7_u32.to_ne_bytes());
        assert_eq!(
            written("mac", "", "aa:bb:cc:dd:ee:ff").unwrap(),
            [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]
        );
        assert_eq!(written("name", "", "::1").unwrap(), *b"::1\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(written("six", "", "::1").unwrap()[15], 1);
        let peer = written("peer", "", "{\"ip\":\"10.0.0.1\"}").unwrap();
        assert_eq!((&peer[..4], &peer[4..8]), (&[10, 0, 0, 1][..], &5_u32.to_ne_bytes()[..]));
        let peer = written("peer", "port", "80").unwrap();
        assert_eq!((&peer[..4], &peer[4..8]), (&[1, 0, 0, 0][..], &80_u32.to_ne_bytes()[..]));
        assert_eq!(written("peer", "ip", "10.0.0.2").unwrap()[..4], [10, 0, 0, 2]);
        assert_eq!(written("list", "[1]", "4").unwrap()[4..8], 4_u32.to_ne_bytes());
        assert!(written("list", "[9]", "4").is_err() && written("ip", "", "10.0.0").is_err());
        // Text keeps room for a NUL, wherever it stands; lists do not.
        assert_eq!(written("name", "", "1.5").unwrap()[..4], *b"1.5\0");
        let long = "0123456789abcdef";
        for (name, word) in
            [("name", long.to_owned()), ("peer", format!("{{\"name\":\"{long}\"}}"))]
        {
            let error = written(name, "", &word).unwrap_err();
            assert!(error.contains("room for 15 bytes and a NUL"), "{error}");
        }
        assert_eq!(written("mac", "", "[1,2,3,4,5,6]").unwrap(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn whole_names_come_first() {
        let is_name = |name: &str| ["a", "one.calls", "a.b"].contains(&name);
        assert_eq!(name_and_path("a.c[1]", is_name), ("a", "c[1]"));
        assert_eq!(name_and_path("one.calls[2].x", is_name), ("one.calls", "[2].x"));
        assert_eq!(name_and_path("a.b", is_name), ("a.b", ""));
        assert_eq!(name_and_path("z.b", is_name), ("z", "b"));
    }
}
