//! What became of types between two BTFs.

mod change;
mod parts;
mod same;
mod whole;

pub use crate::diff::change::Change;
pub use crate::diff::whole::{Fate, TypeDiff, diff};

use crate::btf::Btf;
use crate::c;
use crate::diff::parts::{Part, parts};
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// What is different in `new` compared to `old`: members, their places and types, values,
/// sizes. Types that they only refer to are compared by name.
///
/// # Errors
/// A record is broken.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Bits, Btf, Builder, Endian, Kind, Member, diff};
///
/// # let old = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let mut builder = Builder::from_btf(&old)?;
/// let int = old.find(Kind::Int, "int")?.expect("it is there").id();
/// let members = ["x", "y", "z"].into_iter().zip([0, 32, 64]).map(|(name, offset)| {
///     Member { name, ty: int, offset: Bits(offset), bitfield: None }
/// });
/// let members: Vec<_> = members.collect();
/// let id = builder.composite(Kind::Struct, "point", 12, &members)?;
/// let new = builder.build()?;
/// let point = old.find(Kind::Struct, "point")?.expect("it is there");
/// let changes = diff::changes(&point, &new.ty(id)?)?;
/// assert_eq!(changes[0].to_string(), "size 8 -> 12");
/// assert_eq!(changes[1].to_string(), "added int z at 8");
/// # Ok(())
/// # }
/// ```
pub fn changes(old: &Type<'_>, new: &Type<'_>) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    if same::same(old, new)? {
        return Ok(changes);
    }
    if old.kind() != new.kind() {
        changes.push(Change::Kind { old: old.kind(), new: new.kind() });
    }
    let (old_size, new_size) = (old.own_size(), new.own_size());
    if let (Some(old), Some(new)) = (old_size, new_size) {
        if old != new {
            changes.push(Change::Size { old, new });
        }
    }
    match (old.kind(), new.kind()) {
        (Kind::Struct | Kind::Union, Kind::Struct | Kind::Union) => {
            members(&parts(old)?, &parts(new)?, &mut changes);
        }
        (Kind::Enum | Kind::Enum64, Kind::Enum | Kind::Enum64) => values(old, new, &mut changes)?,
        _ => {
            let (old, new) = (declared(old)?, declared(new)?);
            if old != new {
                changes.push(Change::Declaration { old, new });
            }
        }
    }
    Ok(changes)
}

/// What a type is in C, on one line.
fn declared(ty: &Type<'_>) -> Result<String, Error> {
    let (btf, id) = (ty.btf(), ty.id());
    match ty.kind() {
        Kind::Typedef => c::title(btf, ty.target().unwrap_or(TypeId::VOID), ty.name()),
        // Whoever follows sees the variables themselves.
        Kind::DataSec => Ok(ty.name().to_owned()),
        _ => c::title(btf, id, ""),
    }
}

fn members(old: &[Part], new: &[Part], changes: &mut Vec<Change>) {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let by_name = parts::by_name(new);
    for part in old {
        match by_name.get(part.name.as_str()) {
            Some(&after) => {
                if part.text != after.text {
                    changes.push(Change::Type {
                        name: part.name.clone(),
                        old: part.text.clone(),
                        new: after.text.clone(),
                    });
                }
                if part.offset != after.offset {
                    changes.push(Change::Place {
                        name: part.name.clone(),
                        old: part.offset,
                        new: after.offset,
                    });
                }
                if part.bits != after.bits {
                    changes.push(Change::Width {
                        name: part.name.clone(),
                        old: part.bits,
                        new: after.bits,
                    });
                }
            }
            None => gone.push(part),
        }
    }
    let by_name = parts::by_name(old);
    come.extend(new.iter().filter(|part| !by_name.contains_key(part.name.as_str())));
    for part in gone {
        // The same type in the same place, or under much the same name, is the same member.
        let heir = come.iter().position(|other| part.is_succeeded_by(other));
        changes.push(match heir {
            Some(at) => {
                let heir = come.remove(at);
                Change::Name { old: part.name.clone(), new: heir.name.clone(), at: heir.offset }
            }
            None => Change::Removed { what: part.declaration.clone(), at: part.offset },
        });
    }
    changes.extend(
        come.into_iter()
            .map(|part| Change::Added { what: part.declaration.clone(), at: part.offset }),
    );
}

fn values(old: &Type<'_>, new: &Type<'_>, changes: &mut Vec<Change>) -> Result<(), Error> {
    let before: Vec<_> = old.enumerators().collect::<Result<_, _>>()?;
    let after: Vec<_> = new.enumerators().collect::<Result<_, _>>()?;
    let index = |values: &[crate::ty::Enumerator<'_>]| -> std::collections::HashMap<String, i128> {
        values.iter().map(|value| (value.name.to_owned(), value.value())).collect()
    };
    let (known, then) = (index(&after), index(&before));
    for value in &before {
        let (name, old) = (value.name.to_owned(), value.value());
        match known.get(value.name) {
            None => changes.push(Change::ValueRemoved { name, value: old }),
            Some(&new) if new != old => changes.push(Change::Value { name, old, new }),
            Some(_) => {}
        }
    }
    for value in after.iter().filter(|value| !then.contains_key(value.name)) {
        let name = value.name.to_owned();
        changes.push(Change::ValueAdded { name, value: value.value() });
    }
    Ok(())
}

/// The types of one BTF that can be compared to those of another.
fn comparable(btf: &Btf) -> Result<Vec<Type<'_>>, Error> {
    let mut types = Vec::new();
    for ty in btf.types()? {
        let ty = ty?;
        let is_one = ty.is_composite()
            || ty.is_enum()
            || matches!(ty.kind(), Kind::Typedef | Kind::Func | Kind::Var);
        if is_one && !ty.name().is_empty() {
            types.push(ty);
        }
    }
    Ok(types)
}
