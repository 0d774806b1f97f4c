//! Members by name.

use std::collections::HashSet;

use crate::btf::Btf;
use crate::error::Error;
use crate::hash::Quick;
use crate::id::{Bits, TypeId};
use crate::ty::{Member, Type};

/// Deeper nests of unnamed structs are made to hurt.
const DEPTH: u32 = 32;

impl Btf {
    /// The member of this name in a struct or union, or in the unnamed ones in it, and where
    /// it begins, counted from the start of `ty`.
    ///
    /// # Errors
    /// A record is broken, or unnamed members nest too deeply.
    pub fn member_named<'a>(
        &'a self,
        ty: &Type<'a>,
        name: &str,
    ) -> Result<Option<(Member<'a>, Bits)>, Error> {
        Search { btf: self, name, seen: HashSet::default() }.within(ty, Bits(0), DEPTH)
    }

    /// The names of a composite's members, those of unnamed ones among them, and of a data
    /// section's variables.
    pub(crate) fn member_names<'a>(&'a self, ty: &Type<'a>) -> Result<Vec<&'a str>, Error> {
        let mut names = Vec::new();
        let mut seen = HashSet::<TypeId, Quick>::default();
        let mut open = vec![*ty];
        while let Some(ty) = open.pop() {
            for member in ty.members() {
                let member = member?;
                if !member.name.is_empty() {
                    names.push(member.name);
                    continue;
                }
                let inner = self.resolve(member.ty)?;
                if seen.insert(inner.id()) {
                    open.push(inner);
                }
            }
            for var in ty.section_vars() {
                names.push(self.ty(var.var)?.name());
            }
        }
        Ok(names)
    }
}

struct Search<'a, 'n> {
    btf: &'a Btf,
    name: &'n str,
    /// Unnamed types that do not have it: one at several places has the same names at
    /// all of them.
    seen: HashSet<TypeId, Quick>,
}

impl<'a> Search<'a, '_> {
    fn within(
        &mut self,
        ty: &Type<'a>,
        start: Bits,
        depth: u32,
    ) -> Result<Option<(Member<'a>, Bits)>, Error> {
        let id = ty.id();
        let depth = depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })?;
        for member in ty.members() {
            let member = member?;
            let too_large = Error::TooLarge { id, what: "a member's offset" };
            let at = start.0.checked_add(member.offset.0).map(Bits).ok_or(too_large)?;
            if member.name == self.name && !member.name.is_empty() {
                return Ok(Some((member, at)));
            }
            if !member.name.is_empty() {
                continue;
            }
            let inner = self.btf.resolve(member.ty)?;
            if inner.is_composite() && self.seen.insert(inner.id()) {
                let found = self.within(&inner, at, depth)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }
}
