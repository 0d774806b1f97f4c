//! Field-based relocations: the same field in a candidate.

use std::collections::HashSet;

use crate::core_re::mismatch::Mismatch;
use crate::core_re::path::Path;
use crate::core_re::side::Side;
use crate::error::Error;
use crate::flavour::essential_name;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::{Member, Type};

/// Longer rows of arrays in arrays are circles, or made to hurt.
const NESTING: u32 = 64;

/// Walks the local path in a candidate by names, anonymous members being looked into.
pub(super) fn find<'a>(
    local: Side<'a>,
    asked: &Path<'a>,
    target: Side<'a>,
    root: TypeId,
) -> Result<Result<Path<'a>, Mismatch<'a>>, Error> {
    let mut path = Path::default();
    let mut at = root;
    for (number, step) in asked.steps.iter().enumerate() {
        if let Some(name) = step.name {
            let holder = target.btf.resolve(at)?;
            if !holder.is_composite() {
                return Ok(Err(Mismatch::NotComposite { member: name, of: at }));
            }
            let mut search = Search { side: target, name, barren: HashSet::new() };
            let Some(member) = search.within(&holder, &mut path)? else {
                return Ok(Err(Mismatch::NoMember { member: name, of: at }));
            };
            if !compatible(local, step.ty, target, member.ty)? {
                let (local, target) = (step.ty, member.ty);
                return Ok(Err(Mismatch::MemberType { member: name, local, target }));
            }
            at = member.ty;
            continue;
        }
        if number > 0 {
            let Some(array) = target.btf.resolve(at)?.array() else {
                return Ok(Err(Mismatch::NotArray { target: at }));
            };
            if !path.has_element(target, &array, step.index)? {
                return Ok(Err(Mismatch::Bounds { index: step.index, len: array.len }));
            }
            at = array.element;
        }
        path.element(target, at, step.index)?;
    }
    Ok(Ok(path))
}

/// The search for one member.
struct Search<'a, 'n> {
    side: Side<'a>,
    name: &'n str,
    /// Anonymous types that do not have it; what nests them many times over is looked
    /// into once.
    barren: HashSet<TypeId>,
}

impl<'a> Search<'a, '_> {
    /// Depth is bounded by the path's.
    fn within(
        &mut self,
        holder: &Type<'a>,
        path: &mut Path<'a>,
    ) -> Result<Option<Member<'a>>, Error> {
        let strings = self.side.btf;
        for (index, name) in (0..).zip(holder.element_names()) {
            if strings.string_is(name, self.name) {
                let Some(member) = holder.member_at(index).transpose()? else { break };
                path.member(holder.id(), index, &member)?;
                return Ok(Some(member));
            }
            if strings.has_name_at(name) {
                continue;
            }
            let Some(member) = holder.member_at(index).transpose()? else { break };
            let inner = strings.resolve(member.ty)?;
            if !inner.is_composite() || self.barren.contains(&inner.id()) {
                continue;
            }
            path.member(holder.id(), index, &member)?;
            if let Some(found) = self.within(&inner, path)? {
                return Ok(Some(found));
            }
            path.leave(&member);
            self.barren.insert(inner.id());
        }
        Ok(None)
    }
}

/// Whether a field of one type can be read where one of the other type is expected.
///
/// Structs and unions go with each other, and so do pointers, floats, integers of any
/// size and sign; enums and forward declarations if their names agree or one has none;
/// arrays if their elements do.
fn compatible(local: Side<'_>, id: TypeId, target: Side<'_>, other: TypeId) -> Result<bool, Error> {
    let (mut here, mut there) = (local.btf.resolve(id)?, target.btf.resolve(other)?);
    for _ in 0..NESTING {
        if here.is_composite() && there.is_composite() {
            return Ok(true);
        }
        if !same_kind(&here, &there) {
            return Ok(false);
        }
        match (here.array(), there.array()) {
            (Some(one), Some(two)) => {
                here = local.btf.resolve(one.element)?;
                there = target.btf.resolve(two.element)?;
            }
            _ => return Ok(compatible_scalars(&here, &there)),
        }
    }
    Err(Error::TooDeep { id, limit: NESTING })
}

fn compatible_scalars(here: &Type<'_>, there: &Type<'_>) -> bool {
    match here.kind() {
        Kind::Ptr | Kind::Float => true,
        Kind::Int => is_plain_int(here) && is_plain_int(there),
        Kind::Fwd | Kind::Enum | Kind::Enum64 => {
            let one = essential_name(here.name().as_bytes());
            let two = essential_name(there.name().as_bytes());
            one.is_empty() || two.is_empty() || one == two
        }
        _ => false,
    }
}

/// Whether two types have the same kind, both widths of enums being one.
pub(super) fn same_kind(here: &Type<'_>, there: &Type<'_>) -> bool {
    here.kind() == there.kind() || (here.is_enum() && there.is_enum())
}

/// Whether an integer begins at its first bit, unlike some of the oldest bitfields.
pub(super) fn is_plain_int(ty: &Type<'_>) -> bool {
    ty.int().is_some_and(|int| int.offset == 0)
}
