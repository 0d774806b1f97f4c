//! Types asked for by name.

use osmia_btf::{Btf, Kind, TypeId};

use crate::error::Error;
use crate::generate::names;

/// How C writes the kinds of types that have names.
const KEYWORDS: &[(&str, &[Kind])] = &[
    ("struct", &[Kind::Struct]),
    ("union", &[Kind::Union]),
    ("enum", &[Kind::Enum, Kind::Enum64]),
];

/// What a name without a keyword may mean, the likeliest first.
const ANY: &[Kind] = &[Kind::Typedef, Kind::Struct, Kind::Union, Kind::Enum, Kind::Enum64];

/// The type that C writes so: `struct event`, `event_t`; for a type with a tag the
/// keyword may be left out.
pub(crate) fn find(btf: &Btf, written: &str) -> Result<TypeId, Error> {
    let words: Vec<&str> = written.split_whitespace().collect();
    let (kinds, name) = match words[..] {
        [name] => (ANY, name),
        [keyword, name] => match KEYWORDS.iter().find(|known| known.0 == keyword) {
            Some((_, kinds)) => (*kinds, name),
            None => return Err(missing(btf, written)?),
        },
        _ => return Err(missing(btf, written)?),
    };
    for &kind in kinds {
        if let Some(found) = btf.find(kind, name)? {
            return Ok(found.id());
        }
    }
    // The name alone, which is good for pointers only; whoever uses it is told.
    let names_only = !matches!(words[..], ["enum", _]);
    if let Some(found) = btf.find(Kind::Fwd, name)?.filter(|_| names_only) {
        return Ok(found.id());
    }
    Err(missing(btf, written)?)
}

/// Says what there is instead, and how to make a compiler keep a type.
fn missing(btf: &Btf, written: &str) -> Result<Error, Error> {
    let wanted = written.split_whitespace().last().unwrap_or_default();
    let mut nearest: Option<(usize, String)> = None;
    for ty in btf.types()? {
        let ty = ty?;
        if !ANY.contains(&ty.kind()) || ty.name().is_empty() {
            continue;
        }
        let distance = distance(wanted, ty.name());
        let near = distance <= 2.max(wanted.len() / 4);
        if near && nearest.as_ref().is_none_or(|(best, _)| distance < *best) {
            nearest = Some((distance, as_written(ty.kind(), ty.name())));
        }
    }
    Ok(Error::NoSuchType {
        ty: names::shown(written),
        nearest: nearest.map(|(_, name)| name),
        anchor: if written.contains(' ') {
            names::shown(written)
        } else {
            format!("struct {wanted}")
        },
    })
}

fn as_written(kind: Kind, name: &str) -> String {
    let keyword = KEYWORDS.iter().find(|(_, kinds)| kinds.contains(&kind));
    let name = names::shown(name);
    keyword.map_or(name.clone(), |(keyword, _)| format!("{keyword} {name}"))
}

/// How many characters have to be changed, put in or left out to make one name the other.
fn distance(a: &str, b: &str) -> usize {
    // Names are short; those that are not are not near anything.
    if a.len().abs_diff(b.len()) > 8 || a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (place, cb) in row.iter_mut().skip(1).zip(b.chars()) {
            let up = *place;
            *place = (diagonal + usize::from(ca != cb)).min(up + 1).min(left + 1);
            (diagonal, left) = (up, *place);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("event", "event", 0),
            ("event", "evnt", 1),
            ("abc", "acb", 2),
            ("a", "", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
        assert_eq!(distance("event", "a_much_longer_name"), usize::MAX);
    }
}
