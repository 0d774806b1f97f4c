//! Which of a kernel's types C uses.

use std::collections::HashSet;

use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::error::Error;
use crate::vmlinux::mentions::Mentions;

/// The tag of functions that programs may call.
const KFUNC: &str = "bpf_kfunc";

/// The types that have to be defined for C with these mentions.
pub(super) fn types(btf: &Btf, mentions: &Mentions<'_>) -> Result<Vec<TypeId>, Error> {
    let mut used =
        Used { btf, mentions, roots: Vec::new(), seen: HashSet::new(), open: Vec::new() };
    for ty in btf.types()? {
        let ty = ty?;
        match ty.kind() {
            Kind::DeclTag if ty.name() == KFUNC => used.kfunc(&ty)?,
            _ if used.is_mentioned(&ty)? => used.root(ty.id()),
            _ => {}
        }
    }
    while let Some(id) = used.open.pop() {
        used.look_into(id)?;
    }
    Ok(used.roots)
}

struct Used<'b, 'm> {
    btf: &'b Btf,
    mentions: &'m Mentions<'m>,
    roots: Vec<TypeId>,
    /// What was looked into, or will be.
    seen: HashSet<TypeId>,
    open: Vec<TypeId>,
}

impl<'b> Used<'b, '_> {
    fn is_mentioned(&self, ty: &Type<'_>) -> Result<bool, Error> {
        Ok(match ty.kind() {
            Kind::Struct | Kind::Union => self.mentions.has_tag(ty.kind(), ty.name()),
            Kind::Enum | Kind::Enum64 => {
                if self.mentions.has_tag(Kind::Enum, ty.name()) {
                    return Ok(true);
                }
                for constant in ty.enumerators() {
                    if self.mentions.has_word(constant?.name) {
                        return Ok(true);
                    }
                }
                false
            }
            Kind::Typedef => self.mentions.has_word(ty.name()),
            _ => false,
        })
    }

    /// A function that programs may call, if it is called; what it returns may be followed.
    fn kfunc(&mut self, tag: &Type<'_>) -> Result<(), Error> {
        let function = self.btf.ty(tag.target().unwrap_or_default())?;
        if function.kind() != Kind::Func || !self.mentions.has_word(function.name()) {
            return Ok(());
        }
        if !self.roots.contains(&function.id()) {
            self.roots.push(function.id());
        }
        let prototype = self.btf.ty(function.target().unwrap_or_default())?;
        if prototype.kind() == Kind::FuncProto {
            self.follow(prototype.target().unwrap_or_default())?;
        }
        Ok(())
    }

    fn root(&mut self, id: TypeId) {
        if self.seen.insert(id) {
            self.roots.push(id);
            self.open.push(id);
        }
    }

    /// Goes through what a used type contains.
    fn look_into(&mut self, id: TypeId) -> Result<(), Error> {
        let ty = self.composite(id)?;
        for member in ty.members() {
            let member = member?;
            let inner = self.composite(member.ty)?;
            match inner.kind() {
                Kind::Struct | Kind::Union if self.seen.insert(inner.id()) => {
                    self.open.push(inner.id());
                }
                Kind::Ptr if self.mentions.has_member(member.name) => {
                    self.follow(inner.id())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a pointer points to is used, whatever it is.
    fn follow(&mut self, pointer: TypeId) -> Result<(), Error> {
        let mut pointer = self.btf.resolve(pointer)?;
        while pointer.kind() == Kind::Ptr {
            let target = self.composite(pointer.target().unwrap_or_default())?;
            match target.kind() {
                Kind::Struct | Kind::Union if !target.name().is_empty() => {
                    self.root(target.id());
                }
                Kind::Struct | Kind::Union if self.seen.insert(target.id()) => {
                    self.open.push(target.id());
                }
                // A pointer to a pointer; a circle ends where it was seen.
                Kind::Ptr if self.seen.insert(target.id()) => {}
                _ => return Ok(()),
            }
            pointer = target;
        }
        Ok(())
    }

    /// The type behind typedefs, qualifiers and arrays.
    fn composite(&self, id: TypeId) -> Result<Type<'b>, Error> {
        let mut ty = self.btf.resolve(id)?;
        // Arrays of arrays come to an end, or resolving the next one fails.
        for _ in 0..64 {
            match ty.array() {
                Some(array) => ty = self.btf.resolve(array.element)?,
                None => break,
            }
        }
        Ok(ty)
    }
}
