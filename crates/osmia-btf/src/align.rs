//! The alignment that C gives a type.

use std::collections::HashMap;

use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// Deeper nests than this are circles, or made to hurt.
const DEPTH: u32 = 64;

impl Btf {
    /// The alignment in bytes that C gives a value of the type; 1 for packed structs.
    ///
    /// BTF does not record `aligned(n)`; what the members' offsets and the size allow
    /// is taken.
    ///
    /// # Errors
    /// The type has no size, or its records are broken.
    pub fn align_of(&self, id: TypeId) -> Result<u32, Error> {
        Aligner { btf: self, known: HashMap::new() }.at(id, DEPTH)
    }
}

/// One question's walk; what is known once is not walked again, or structs that nest
/// in each other many times over would take for ever.
struct Aligner<'a> {
    btf: &'a Btf,
    known: HashMap<TypeId, u32>,
}

impl Aligner<'_> {
    fn at(&mut self, id: TypeId, depth: u32) -> Result<u32, Error> {
        let depth = depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })?;
        let ty = self.btf.ty(id)?;
        match ty.kind() {
            Kind::Ptr => Ok(8),
            Kind::Int | Kind::Float | Kind::Enum | Kind::Enum64 => {
                Ok(ty.own_size().unwrap_or(1).clamp(1, 16).next_power_of_two())
            }
            Kind::Array => self.at(ty.array().map_or(TypeId::VOID, |array| array.element), depth),
            Kind::Struct | Kind::Union => {
                if let Some(&align) = self.known.get(&id) {
                    return Ok(align);
                }
                let align = self.composite(&ty, depth)?;
                self.known.insert(id, align);
                Ok(align)
            }
            kind if kind.is_modifier() || kind == Kind::Var => {
                self.at(ty.target().unwrap_or_default(), depth)
            }
            kind => Err(Error::Unsized { id, kind }),
        }
    }

    /// The largest alignment among the members, or 1 if some member or the size
    /// shows that the struct is packed.
    fn composite(&mut self, ty: &Type<'_>, depth: u32) -> Result<u32, Error> {
        let mut align = 1;
        let mut packed = false;
        for member in ty.members() {
            let member = member?;
            let own = self.at(member.ty, depth)?;
            packed |= member.bitfield.is_none() && member.offset.0 % (own * 8) != 0;
            align = align.max(own);
        }
        packed |= ty.own_size().unwrap_or(0) % align != 0;
        Ok(if packed { 1 } else { align })
    }
}
