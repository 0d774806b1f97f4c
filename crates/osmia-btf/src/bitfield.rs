//! Bitfields, in whichever way their width is recorded.

use crate::btf::Btf;
use crate::error::Error;
use crate::id::Bits;
use crate::ty::{Int, Member, Type};

/// The place of a bitfield in its struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bitfield {
    /// Where it begins, counted from the struct's start.
    pub offset: Bits,
    /// How many bits it has.
    pub width: u32,
}

impl Bitfield {
    /// The member's bits if it is a bitfield, whether its own record tells that or, as
    /// compilers before 2018 had it, an integer type of fewer bits than its size.
    ///
    /// # Errors
    /// The member's type is broken.
    pub fn of(btf: &Btf, member: &Member<'_>) -> Result<Option<Self>, Error> {
        if let Some(width) = member.bitfield {
            return Ok(Some(Self { offset: member.offset, width }));
        }
        let ty = btf.ty_unnamed(member.ty)?;
        let Some(int) = ty.int().filter(|_| Self::is_type(&ty)) else { return Ok(None) };
        let offset = Bits(member.offset.0.saturating_add(int.offset));
        Ok(Some(Self { offset, width: int.bits }))
    }

    /// Whether members of this very type are bitfields; it is never a typedef's.
    pub(crate) fn is_type(ty: &Type<'_>) -> bool {
        let is = |int: Int| int.offset != 0 || int.bits != int.size.saturating_mul(8);
        ty.int().is_some_and(is)
    }
}
