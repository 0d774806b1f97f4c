//! All types of two BTFs.

use std::collections::BTreeMap;
use std::fmt;

use crate::btf::Btf;
use crate::diff::change::Change;
use crate::diff::{changes, comparable};
use crate::error::Error;
use crate::kind::Kind;
use crate::ty::Type;

/// What became of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDiff {
    /// Which kind of type it is; `ENUM` for enums of either width.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// What can become of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is different.
    Changed(Vec<Change>),
}

impl fmt::Display for TypeDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name().to_ascii_lowercase(), self.name)?;
        match &self.fate {
            Fate::Added => f.write_str(": added"),
            Fate::Removed => f.write_str(": removed"),
            Fate::Changed(changes) => {
                changes.iter().try_for_each(|change| write!(f, "\n    {change}"))
            }
        }
    }
}

/// What became of all structs, unions, enums, typedefs, functions and variables, in the
/// order of their kinds and names; those that stayed as they were are left out.
///
/// Of several types of one name those that stayed are paired with each other, then the
/// rest in the order that they have.
///
/// # Errors
/// A record is broken.
pub fn diff(old: &Btf, new: &Btf) -> Result<Vec<TypeDiff>, Error> {
    let mut groups: BTreeMap<(u8, &str), [Vec<Type<'_>>; 2]> = BTreeMap::new();
    for (side, btf) in [old, new].into_iter().enumerate() {
        for ty in comparable(btf)? {
            let [before, after] = groups.entry((class(ty.kind()).raw(), ty.name())).or_default();
            if side == 0 { before.push(ty) } else { after.push(ty) }
        }
    }
    let mut diffs = Vec::new();
    for ((kind, name), [before, after]) in groups {
        for fate in fates(before, after)? {
            diffs.push(TypeDiff { kind: Kind::from_raw(kind), name: name.to_owned(), fate });
        }
    }
    Ok(diffs)
}

/// Enums of 64 bits are enums.
fn class(kind: Kind) -> Kind {
    if kind == Kind::Enum64 { Kind::Enum } else { kind }
}

/// So many types of one name are compared each with each; more are paired in their order.
const EACH_WITH_EACH: usize = 16;

fn fates(before: Vec<Type<'_>>, mut after: Vec<Type<'_>>) -> Result<Vec<Fate>, Error> {
    let mut left = Vec::new();
    if before.len() == 1 && after.len() == 1 || before.len().max(after.len()) > EACH_WITH_EACH {
        left = before;
    } else {
        for ty in before {
            match same(&ty, &after)? {
                Some(at) => drop(after.remove(at)),
                None => left.push(ty),
            }
        }
    }
    let mut fates = Vec::new();
    let mut after = after.into_iter();
    for ty in left {
        match after.next() {
            Some(now) => {
                let changes = changes(&ty, &now)?;
                if !changes.is_empty() {
                    fates.push(Fate::Changed(changes));
                }
            }
            None => fates.push(Fate::Removed),
        }
    }
    fates.extend(after.map(|_| Fate::Added));
    Ok(fates)
}

/// The place of one that is just the same.
fn same(ty: &Type<'_>, among: &[Type<'_>]) -> Result<Option<usize>, Error> {
    for (at, other) in among.iter().enumerate() {
        if changes(ty, other)?.is_empty() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
