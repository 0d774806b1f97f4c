//! What a type, field or enumerator that was found answers.

use crate::bitfield::Bitfield;
use crate::core_re::error::CoreError;
use crate::core_re::kind::CoreKind;
use crate::core_re::path::{Path, Step};
use crate::core_re::relocation::{Relocation, What};
use crate::core_re::resolution::Width;
use crate::core_re::side::Side;
use crate::endian::Endian;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// One side's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub value: u64,
    /// Whether the instruction must hold this value, if it is the local one.
    pub validate: bool,
    /// The field's type and how many bytes a load of it takes, where the offset of
    /// one that is no bitfield is asked for.
    pub load: Option<(TypeId, u32)>,
}

impl Answer {
    fn certain(value: impl Into<u64>) -> Self {
        Self { value: value.into(), validate: true, load: None }
    }
}

/// What `what`, found on `side` in the type `root`, answers to the relocation.
pub(super) fn answer(
    asked: &Relocation<'_>,
    side: Side<'_>,
    root: TypeId,
    what: &What<'_>,
) -> Result<Answer, CoreError> {
    match (asked.kind, what) {
        (
            CoreKind::FieldExists
            | CoreKind::TypeExists
            | CoreKind::TypeMatches
            | CoreKind::EnumvalExists,
            _,
        ) => Ok(Answer::certain(1u32)),
        (CoreKind::TypeSize, _) => Ok(Answer::certain(side.size_of(root)?)),
        // Linkers renumber types, so that the instruction's value means nothing.
        (CoreKind::TypeIdLocal | CoreKind::TypeIdTarget, _) => {
            Ok(Answer { validate: false, ..Answer::certain(root.0) })
        }
        (_, What::Enumerator(choice)) => Ok(Answer::certain(choice.bits)),
        (_, What::Field(path)) => field(asked, side, path),
        (_, What::Type) => Err(senseless(asked, "only fields have one")),
    }
}

fn field(asked: &Relocation<'_>, side: Side<'_>, path: &Path<'_>) -> Result<Answer, CoreError> {
    let Some(step) = path.steps.last() else {
        return Err(senseless(asked, "the access path is empty"));
    };
    if step.name.is_none() {
        return element(asked, side, path, step);
    }
    let ty = side.btf.resolve(step.ty)?;
    let place = Place::of(asked, side, path, step, &ty)?;
    let value = match asked.kind {
        CoreKind::FieldByteOffset => {
            let element = side.innermost(ty.id())?.id();
            let load =
                if place.is_bitfield { None } else { Some((ty.id(), side.size_of(element)?)) };
            return Ok(Answer { value: place.byte, validate: !place.is_bitfield, load });
        }
        CoreKind::FieldByteSize => place.bytes,
        // Neither sign nor width of a bitfield depends on the compiler's choice of a
        // load, as the others do.
        CoreKind::FieldSigned => return Ok(Answer::certain(is_signed(&ty))),
        CoreKind::FieldRshift => {
            return Ok(Answer::certain(64u32.wrapping_sub(place.width as u32)));
        }
        CoreKind::FieldLshift => u64::from(place.left_shift(asked.side.btf.endian())),
        _ => return Err(senseless(asked, "fields have none")),
    };
    Ok(Answer { value, validate: !place.is_bitfield, load: None })
}

fn element(
    asked: &Relocation<'_>,
    side: Side<'_>,
    path: &Path<'_>,
    step: &Step<'_>,
) -> Result<Answer, CoreError> {
    match asked.kind {
        CoreKind::FieldByteOffset => {
            let load = side.size_of(side.innermost(step.ty)?.id())?;
            Ok(Answer { load: Some((step.ty, load)), ..Answer::certain(path.bits / 8) })
        }
        CoreKind::FieldByteSize => Ok(Answer::certain(side.size_of(step.ty)?)),
        _ => Err(senseless(asked, "an array's element has none; ask it of a member")),
    }
}

fn is_signed(ty: &Type<'_>) -> bool {
    ty.is_signed_enum() || ty.int().is_some_and(|int| int.signed)
}

/// Where a field lies.
struct Place {
    /// The first byte to load, and how many; for bitfields those of an integer around it.
    byte: u64,
    bytes: u64,
    /// The first bit of the field, and how many.
    bit: u64,
    width: u64,
    is_bitfield: bool,
}

impl Place {
    fn of(
        asked: &Relocation<'_>,
        side: Side<'_>,
        path: &Path<'_>,
        step: &Step<'_>,
        ty: &Type<'_>,
    ) -> Result<Self, CoreError> {
        if let Some((bit, width)) = bitfield(path.bits, step, ty) {
            let size = u64::from(ty.own_size().unwrap_or(0));
            let load = smallest_load(bit, width, size);
            let (byte, bytes) = load.ok_or_else(|| {
                senseless(asked, "no load of up to 8 aligned bytes holds the whole bitfield")
            })?;
            return Ok(Self { byte, bytes, bit, width, is_bitfield: true });
        }
        let bytes = u64::from(side.size_of(ty.id())?);
        let (bit, width) = (path.bits, bytes * 8);
        Ok(Self { byte: bit / 8, bytes, bit, width, is_bitfield: false })
    }

    /// By how much a loaded value is shifted left, so that the field's highest bit
    /// becomes bit 63. Wraps as the kernel's 32-bit arithmetic does for what no
    /// shift can take out.
    fn left_shift(&self, endian: Endian) -> u32 {
        let into = (self.bit - self.byte * 8) as u32;
        match endian {
            Endian::Little => 64u32.wrapping_sub(into.wrapping_add(self.width as u32)),
            Endian::Big => {
                let unused = 8u32.wrapping_sub(self.bytes as u32).wrapping_mul(8);
                unused.wrapping_add(into)
            }
        }
    }
}

/// The first bit and the width of a bitfield: told by the member, or by an integer type
/// of few bits.
fn bitfield(bits: u64, step: &Step<'_>, ty: &Type<'_>) -> Option<(u64, u64)> {
    if let Some(width) = step.bits {
        return Some((bits, u64::from(width)));
    }
    let int = ty.int().filter(|_| Bitfield::is_type(ty))?;
    Some((bits.saturating_add(u64::from(int.offset)), u64::from(int.bits)))
}

/// The first byte and the length of the smallest aligned load, from `size` bytes on,
/// that has all of a bitfield.
fn smallest_load(bit: u64, width: u64, size: u64) -> Option<(u64, u64)> {
    let mut bytes = size;
    loop {
        let byte = (bit / 8).checked_div(bytes)? * bytes;
        if bit + width - byte * 8 <= bytes * 8 {
            return Some((byte, bytes));
        }
        if bytes >= 8 {
            return None;
        }
        bytes *= 2;
    }
}

/// How wide a load or store is on either side.
pub(super) fn width(local: Side<'_>, own: &Answer, target: Side<'_>, found: &Answer) -> Width {
    let bytes = |answer: &Answer| answer.load.map_or(0, |(_, bytes)| bytes);
    let adjustable = match (own.load, found.load) {
        (Some((one, _)), Some((two, _))) => is_adjustable(local, one, target, two),
        _ => false,
    };
    Width { original: bytes(own), target: bytes(found), adjustable }
}

/// Whether a load or store of one type can be made one of the other's width.
///
/// Loads zero-extend, so that pointers and unsigned integers keep their value.
fn is_adjustable(local: Side<'_>, id: TypeId, target: Side<'_>, other: TypeId) -> bool {
    let (Ok(one), Ok(two)) = (local.btf.ty(id), target.btf.ty(other)) else { return false };
    let unsigned = |ty: &Type<'_>| ty.int().is_some_and(|int| !int.signed);
    let pointers = one.kind() == Kind::Ptr && two.kind() == Kind::Ptr;
    pointers || (unsigned(&one) && unsigned(&two))
}

fn senseless(asked: &Relocation<'_>, problem: &'static str) -> CoreError {
    CoreError::Senseless { question: asked.to_string(), problem }
}

#[cfg(test)]
mod tests {
    use super::smallest_load;

    #[test]
    fn loads_around_bitfields() {
        assert_eq!(smallest_load(0, 3, 4), Some((0, 4)));
        assert_eq!(smallest_load(30, 2, 4), Some((0, 4)));
        assert_eq!(smallest_load(30, 4, 4), Some((0, 8)));
        assert_eq!(smallest_load(62, 4, 4), None);
        assert_eq!(smallest_load(33, 7, 1), Some((4, 1)));
        assert_eq!(smallest_load(33, 7, 0), None);
    }
}
