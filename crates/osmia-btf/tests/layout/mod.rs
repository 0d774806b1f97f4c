//! What C decides about types, as text to compare.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osmia_btf::{Btf, Error, Kind, Type, TypeId};

/// The C names of all structs, unions and enums that the header defines.
pub fn definitions(header: &str, btf: &Btf) -> Vec<String> {
    let mut names = Vec::new();
    for line in header.lines() {
        let Some(name) = line.strip_suffix(" {").or(line.strip_suffix(" {};")) else { continue };
        let is_tag = ["struct ", "union ", "enum "].iter().any(|word| name.starts_with(word));
        if is_tag {
            names.push(name.to_owned());
        }
    }
    for ty in btf.types().unwrap().map(Result::unwrap) {
        let target = btf.resolve(ty.id()).unwrap();
        if ty.kind() == Kind::Typedef && (target.is_composite() || target.is_enum()) {
            names.push(ty.name().to_owned());
        }
    }
    names
}

/// The layouts of all named structs, unions and enums, and of those behind a typedef, by name. Types that share
/// a name make a list.
pub fn all(btf: &Btf) -> BTreeMap<String, Vec<String>> {
    let mut layouts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ty in btf.types().unwrap().map(Result::unwrap) {
        let target = match ty.kind() {
            Kind::Typedef => btf.resolve(ty.id()).unwrap(),
            _ => ty,
        };
        if ty.name().is_empty() || !(target.is_composite() || target.is_enum() && target.vlen() > 0)
        {
            continue;
        }
        let key = format!("{} {}", ty.kind(), plain(ty.name()));
        layouts.entry(key.replace("ENUM64", "ENUM")).or_default().push(of(&target).unwrap());
    }
    for list in layouts.values_mut() {
        list.sort();
        list.dedup();
    }
    layouts
}

/// A type's name without the number that tells it from others of the same name.
pub fn plain(name: &str) -> &str {
    match name.rsplit_once("___") {
        Some((plain, number)) if number.bytes().all(|b| b.is_ascii_digit()) => plain,
        _ => name,
    }
}

/// Everything that C decides about a struct, union or enum, as text.
pub fn of(ty: &Type<'_>) -> Result<String, Error> {
    let mut text = String::new();
    describe(ty, 0, &mut text, 0)?;
    Ok(text)
}

fn describe(ty: &Type<'_>, base: u32, text: &mut String, depth: u32) -> Result<(), Error> {
    assert!(depth < 64);
    let btf = ty.btf();
    writeln!(text, "{} of {}", ty.kind().name().replace("ENUM64", "ENUM"), ty.own_size().unwrap())
        .unwrap();
    for value in ty.enumerators() {
        let value = value?;
        // Older compilers write the lower halves of 64-bit values only.
        writeln!(text, "{} = {}", plain(value.name), value.bits as u32).unwrap();
    }
    for member in ty.members() {
        let member = member?;
        let at = base + member.offset.0;
        let target = btf.resolve(member.ty)?;
        let fills_a_union = member.name.is_empty() && target.vlen() == 0;
        if member.name.starts_with("__padding_") || fills_a_union {
            continue;
        }
        write!(text, "{} at {at} width {:?} ", member.name, member.bitfield).unwrap();
        if target.is_composite() && (member.name.is_empty() || target.name().is_empty()) {
            describe(&target, at, text, depth + 1)?;
        } else {
            writeln!(text, "size {} {}", btf.size_of(member.ty)?, kind(btf, member.ty)?).unwrap();
        }
    }
    Ok(())
}

/// What a member is, down to the name of what it is made of.
fn kind(btf: &Btf, id: TypeId) -> Result<String, Error> {
    let ty = btf.resolve(id)?;
    Ok(match ty.array() {
        Some(array) => format!("{} x {}", array.len, kind(btf, array.element)?),
        None if ty.kind() == Kind::Enum64 => "ENUM".to_owned(),
        None => ty.kind().to_string(),
    })
}
