//! Telling quickly that nothing changed.

use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Deeper types are compared as text, which has limits of its own.
const DEPTH: u32 = 32;
/// As are those with more parts.
const PARTS: u32 = 1 << 16;

/// Whether two types are the same for sure. If not, they may be so still.
pub(super) fn same(old: &Type<'_>, new: &Type<'_>) -> Result<bool, Error> {
    Comparison { left: PARTS }.definitions(old, new, DEPTH)
}

struct Comparison {
    left: u32,
}

impl Comparison {
    /// Compares all that two types say.
    fn definitions(&mut self, a: &Type<'_>, b: &Type<'_>, depth: u32) -> Result<bool, Error> {
        let heads = |ty: &Type<'_>| (ty.kind(), ty.vlen(), ty.flag(), ty.own_size());
        if heads(a) != heads(b) || a.name() != b.name() {
            return Ok(false);
        }
        let Some(depth) = depth.checked_sub(1) else { return Ok(false) };
        for (one, two) in a.members().zip(b.members()) {
            let (one, two) = (one?, two?);
            let places = one.offset == two.offset && one.bitfield == two.bitfield;
            if !places || one.name != two.name || !self.uses(a, one.ty, b, two.ty, depth)? {
                return Ok(false);
            }
        }
        for (one, two) in a.enumerators().zip(b.enumerators()) {
            if one? != two? {
                return Ok(false);
            }
        }
        for (one, two) in a.params().zip(b.params()) {
            let (one, two) = (one?, two?);
            if one.name != two.name || !self.uses(a, one.ty, b, two.ty, depth)? {
                return Ok(false);
            }
        }
        match (a.array(), b.array(), a.target(), b.target()) {
            (Some(one), Some(two), _, _) => {
                Ok(one.len == two.len && self.uses(a, one.element, b, two.element, depth)?)
            }
            (_, _, Some(one), Some(two)) => self.uses(a, one, b, two, depth),
            _ => Ok(a.int() == b.int()),
        }
    }

    /// Compares types as they are used: those with a name by that alone.
    fn uses(
        &mut self,
        a: &Type<'_>,
        one: TypeId,
        b: &Type<'_>,
        two: TypeId,
        depth: u32,
    ) -> Result<bool, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        let (one, two) = (a.btf().ty(one)?, b.btf().ty(two)?);
        let by_name = one.is_composite()
            || one.is_enum() && one.vlen() > 0
            || matches!(one.kind(), Kind::Fwd | Kind::Typedef);
        if by_name && !one.name().is_empty() {
            let size = |ty: &Type<'_>| ty.btf().size_of(ty.id()).ok();
            return Ok(one.kind() == two.kind()
                && one.name() == two.name()
                && one.is_union_fwd() == two.is_union_fwd()
                && size(&one) == size(&two));
        }
        self.definitions(&one, &two, depth)
    }
}
