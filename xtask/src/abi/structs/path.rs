//! Finding a struct, or the part of a union that stands for one.

use anyhow::Result;
use osmia_btf::{Btf, Kind, Type};

use crate::abi::source::Source;

/// Follows a path from a type's name: `name` is the member of that name, `#name` the struct without a name that begins
/// with a member of that name, `..` the union without a name at the end, which has structs in it.
pub(super) fn find<'a>(source: &'a Source, path: &str) -> Result<Option<Type<'a>>> {
    let mut steps = path.split('/');
    let mut at = source.composite(steps.next().unwrap_or_default())?;
    for step in steps {
        let Some(ty) = at else { return Ok(None) };
        at = follow(source.btf(), ty, step)?;
    }
    Ok(at)
}

fn follow<'a>(btf: &'a Btf, ty: Type<'a>, step: &str) -> Result<Option<Type<'a>>> {
    let mut found = None;
    for member in ty.members() {
        let member = member?;
        let inner = btf.resolve(member.ty)?;
        let matches = match step.strip_prefix('#') {
            Some(first) => member.name.is_empty() && first_name(btf, inner)? == Some(first),
            None if step == ".." => member.name.is_empty() && is_choice(btf, inner)?,
            None => member.name == step,
        };
        if matches {
            found = Some(inner);
            if step != ".." {
                break;
            }
        }
    }
    Ok(found)
}

/// Whether this is a union with structs in it.
pub(super) fn is_choice(btf: &Btf, ty: Type<'_>) -> Result<bool> {
    if ty.kind() != Kind::Union {
        return Ok(false);
    }
    for member in ty.members() {
        if btf.resolve(member?.ty)?.kind() == Kind::Struct {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The name of the first member, looked for in what has no name as well.
fn first_name<'a>(btf: &'a Btf, ty: Type<'a>) -> Result<Option<&'a str>> {
    let mut at = ty;
    while let Some(member) = at.members().next() {
        let member = member?;
        if !member.name.is_empty() {
            return Ok(Some(member.name));
        }
        at = btf.resolve(member.ty)?;
    }
    Ok(None)
}
