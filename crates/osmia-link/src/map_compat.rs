//! Whether the declaration of a map fits its definition.

use std::collections::HashMap;

use osmia_btf::{Btf, Kind, Member, TypeId};

use crate::budget::Budget;
use crate::compat;
use crate::error::Error;

/// What of a declared map is not so where it is defined, in words.
///
/// The declaration may say less than the definition: `extern struct { __uint(type, ...); }`.
pub(crate) fn difference(
    btf: &Btf,
    defined: TypeId,
    declared: TypeId,
    budget: &Budget,
) -> Result<Option<String>, Error> {
    let resolved = |id| btf.resolve(id).map_err(Error::merged);
    let (definition, declaration) = (resolved(defined)?, resolved(declared)?);
    if definition.id() == declaration.id() {
        return Ok(None);
    }
    if !definition.is_composite() || !declaration.is_composite() {
        return compat::difference(btf, defined, declared, budget);
    }
    let members = definition.members().collect::<Result<Vec<_>, _>>().map_err(Error::merged)?;
    let fields: HashMap<&str, &Member<'_>> =
        members.iter().map(|member| (member.name, member)).collect();
    for member in declaration.members() {
        let member = member.map_err(Error::merged)?;
        let Some(field) = fields.get(member.name) else {
            let problem = format!("'{}' is only where the map is declared", member.name);
            return Ok(Some(problem));
        };
        // `__uint` and `__type` say numbers and types by what a pointer points to.
        let (one, other) = (behind(btf, field.ty)?, behind(btf, member.ty)?);
        let difference = match (number(btf, one)?, number(btf, other)?) {
            (Some(one), Some(other)) if one != other => Some(format!("{one} and {other}")),
            _ => compat::difference(btf, one, other, budget)?,
        };
        if let Some(difference) = difference {
            return Ok(Some(format!("{}: {difference}", member.name)));
        }
    }
    Ok(None)
}

/// What a pointer points to; anything else itself.
fn behind(btf: &Btf, id: TypeId) -> Result<TypeId, Error> {
    let ty = btf.resolve(id).map_err(Error::merged)?;
    Ok(if ty.kind() == Kind::Ptr { ty.target().unwrap_or_default() } else { id })
}

/// The number that a field says: an array has so many elements.
fn number(btf: &Btf, id: TypeId) -> Result<Option<u32>, Error> {
    let ty = btf.resolve(id).map_err(Error::merged)?;
    Ok(ty.array().map(|array| array.len))
}
