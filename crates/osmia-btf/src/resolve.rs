//! Questions that walk from type to type: sizes, alignment, what a name stands for.

use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Longer chains than this are circles, or made to hurt.
const DEPTH: u32 = 64;

impl Btf {
    /// The type behind typedefs, qualifiers and type tags.
    ///
    /// # Errors
    /// The chain is broken or a circle.
    pub fn resolve(&self, id: TypeId) -> Result<Type<'_>, Error> {
        self.skip(id, Kind::is_modifier)
    }

    /// The type behind qualifiers and type tags; a typedef stays.
    ///
    /// # Errors
    /// As for [`Btf::resolve`].
    pub fn unqualified(&self, id: TypeId) -> Result<Type<'_>, Error> {
        self.skip(id, |kind| kind.is_modifier() && kind != Kind::Typedef)
    }

    /// The first type behind typedefs that is none; qualifiers stay.
    pub(crate) fn behind_typedefs(&self, id: TypeId) -> Result<TypeId, Error> {
        Ok(self.skip(id, |kind| kind == Kind::Typedef)?.id())
    }

    fn skip(&self, from: TypeId, through: impl Fn(Kind) -> bool) -> Result<Type<'_>, Error> {
        let mut id = from;
        for _ in 0..DEPTH {
            let ty = self.ty(id)?;
            match ty.target() {
                Some(target) if through(ty.kind()) => id = target,
                _ => return Ok(ty),
            }
        }
        Err(Error::TooDeep { id: from, limit: DEPTH })
    }

    /// How many bytes a value of the type takes; pointers take 8, as in BPF programs
    /// and on 64-bit kernels.
    ///
    /// # Errors
    /// The type has no size, or its records are broken.
    pub fn size_of(&self, id: TypeId) -> Result<u32, Error> {
        self.size_with(id, 8)
    }

    /// As [`Btf::size_of`], with pointers of this many bytes.
    pub(crate) fn size_with(&self, id: TypeId, pointer: u32) -> Result<u32, Error> {
        let mut count: u32 = 1;
        let mut at = id;
        for _ in 0..DEPTH {
            let ty = self.ty(at)?;
            let own = match ty.kind() {
                Kind::Ptr => Some(pointer),
                Kind::Var => None,
                _ => ty.own_size(),
            };
            if let Some(size) = own {
                return size.checked_mul(count).ok_or(Error::TooLarge { id, what: "its size" });
            }
            at = match (ty.array(), ty.target()) {
                (Some(array), _) => {
                    count = count
                        .checked_mul(array.len)
                        .ok_or(Error::TooLarge { id, what: "its count of elements" })?;
                    array.element
                }
                (None, Some(target)) if ty.kind().is_modifier() || ty.kind() == Kind::Var => target,
                _ => return Err(Error::Unsized { id: ty.id(), kind: ty.kind() }),
            };
        }
        Err(Error::TooDeep { id, limit: DEPTH })
    }
}
