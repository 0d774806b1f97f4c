//! Types by the names that C gives them.

use osmia_btf::{Btf, Kind, Type};

use crate::failure::Failure;
use osmia_btf::near::nearest;

/// What a name without a keyword may mean, the likeliest first.
const ANY: &[Kind] =
    &[Kind::Struct, Kind::Union, Kind::Typedef, Kind::Enum, Kind::Enum64, Kind::Int, Kind::Float];

/// The type that C writes so, if there is one: `struct event`, `event_t`; the keyword may be
/// left out.
///
/// # Errors
/// A record is broken.
pub fn look_up<'a>(btf: &'a Btf, written: &str) -> Result<Option<Type<'a>>, Failure> {
    let (kinds, name) = kinds(written);
    for &kind in kinds {
        if let Some(found) = btf.find(kind, name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The type that C writes so.
///
/// # Errors
/// There is none; near names are told.
pub fn find<'a>(btf: &'a Btf, written: &str) -> Result<Type<'a>, Failure> {
    if let Some(found) = look_up(btf, written)? {
        return Ok(found);
    }
    let (kinds, name) = kinds(written);
    let mut names = Vec::new();
    for ty in btf.types()? {
        let ty = ty?;
        if kinds.contains(&ty.kind()) && !ty.name().is_empty() {
            names.push(ty.name());
        }
    }
    let near = nearest(name, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(Failure::not_found(format!("there is no type {written}{near}")))
}

/// What kinds of types a name with or without a keyword means, and the name itself.
fn kinds(written: &str) -> (&'static [Kind], &str) {
    let written = written.trim();
    match written.split_once(char::is_whitespace) {
        Some(("struct", name)) => (&[Kind::Struct], name.trim()),
        Some(("union", name)) => (&[Kind::Union], name.trim()),
        Some(("enum", name)) => (&[Kind::Enum, Kind::Enum64], name.trim()),
        // `unsigned int` and its like.
        _ => (ANY, written),
    }
}

#[cfg(test)]
mod tests {
    use osmia_btf::{Btf, Kind};

    use super::find;

    #[test]
    fn keywords_choose_and_near_names_are_told() {
        let btf = Btf::parse(osmia_btf::doc_fixture(), None).unwrap();
        assert_eq!(find(&btf, "struct  point").unwrap().kind(), Kind::Struct);
        assert_eq!(find(&btf, "point").unwrap().name(), "point");
        assert_eq!(find(&btf, "int").unwrap().kind(), Kind::Int);
        let failure = find(&btf, "union point").unwrap_err();
        assert_eq!(failure.message(), "there is no type union point");
        let failure = find(&btf, "struct piont").unwrap_err();
        assert_eq!(failure.message(), "there is no type struct piont; did you mean point?");
    }
}
