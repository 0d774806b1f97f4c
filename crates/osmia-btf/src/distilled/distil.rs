//! From a base to as little of it as a split BTF needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::btf::Btf;
use crate::builder::Builder;
use crate::distilled::unknown;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// As many typedefs, qualifiers and arrays may be in a row.
const DEEPEST: u32 = 128;

/// A split BTF that continues a distilled base.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Distilled {
    /// The base: what a section `.BTF.base` holds.
    pub base: Btf,
    /// The split BTF on it.
    pub split: Btf,
}

/// Takes out of a split BTF's base what it needs to be moved onto another kernel's types
/// ([`Btf::relocated`]): the named types that it refers to, without what is in them. What has no
/// name of its own becomes part of the split BTF, behind its own types.
///
/// # Errors
/// This is no split BTF, or a record is broken.
pub fn distil(split: &Btf) -> Result<Distilled, Error> {
    let base = split.base().ok_or(Error::NoBase)?;
    let mut needed = Needed { first: split.first_own_id(), ..Needed::default() };
    for ty in split.own_types()? {
        needed.see(&ty?)?;
    }
    while let Some(id) = needed.open.pop() {
        needed.see(&split.ty(id)?)?;
    }
    let mut ids = BTreeMap::new();
    let mut builder = Builder::new(split.endian());
    for (&id, &embedded) in &needed.named {
        ids.insert(id, outline(&mut builder, base, &base.ty(id)?, embedded)?);
    }
    let distilled = builder.build()?;
    let mut builder = Builder::split(distilled.clone())?;
    let (first, moved) = (split.first_own_id().0, builder.next_id().0);
    let own = split.type_count()?.saturating_sub(first);
    ids.extend(needed.copied.iter().copied().zip((moved.saturating_add(own)..).map(TypeId)));
    let own = (first..split.type_count()?).map(TypeId);
    for id in own.chain(needed.copied.iter().copied()) {
        builder.copy(&split.ty(id)?, |of| match of.0.checked_sub(first) {
            Some(own) => Ok(TypeId(moved.saturating_add(own))),
            None if of.is_void() => Ok(of),
            None => ids.get(&of).copied().ok_or_else(|| unknown(split, of)),
        })?;
    }
    Ok(Distilled { base: distilled, split: builder.build()? })
}

/// Adds what tells a type, and no more.
fn outline(
    builder: &mut Builder,
    base: &Btf,
    ty: &Type<'_>,
    embedded: bool,
) -> Result<TypeId, Error> {
    let (kind, name) = (ty.kind(), ty.name());
    let size = ty.own_size().unwrap_or_default();
    match kind {
        Kind::Struct | Kind::Union => {
            let mut namesakes = 0;
            for id in base.ids_named(name)? {
                namesakes += usize::from(base.ty(id)?.kind() == kind);
            }
            // A size is only told where it matters, so that a kernel may change it elsewhere.
            match embedded || namesakes > 1 {
                true => builder.composite(kind, name, size, &[]),
                false => builder.forward(name, kind == Kind::Union),
            }
        }
        Kind::Enum | Kind::Enum64 => {
            builder.enumeration(kind, name, size, ty.is_signed_enum(), &[])
        }
        // They refer to nothing.
        _ => builder.copy(ty, Ok),
    }
}

/// What a split BTF needs of its base.
#[derive(Default)]
struct Needed {
    first: TypeId,
    /// What can be found by name, and whether something has it as a part.
    named: BTreeMap<TypeId, bool>,
    /// What cannot.
    copied: BTreeSet<TypeId>,
    /// Copied, but not looked into yet.
    open: Vec<TypeId>,
}

impl Needed {
    /// Takes in what a type refers to.
    fn see(&mut self, ty: &Type<'_>) -> Result<(), Error> {
        for id in ty.references() {
            if id < self.first && !id.is_void() {
                self.add(&ty.btf().ty(id)?);
            }
        }
        if ty.is_composite() {
            for member in ty.members() {
                let part = part(ty.btf(), member?.ty)?;
                if let Some(embedded) = self.named.get_mut(&part) {
                    *embedded = true;
                } else if part < self.first && is_outlined(&ty.btf().ty(part)?) {
                    self.named.insert(part, true);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, ty: &Type<'_>) {
        if is_outlined(ty) {
            self.named.entry(ty.id()).or_default();
        } else if self.copied.insert(ty.id()) {
            self.open.push(ty.id());
        }
    }
}

/// Whether a type's kind and name tell it.
fn is_outlined(ty: &Type<'_>) -> bool {
    let kind = matches!(
        ty.kind(),
        Kind::Int
            | Kind::Float
            | Kind::Struct
            | Kind::Union
            | Kind::Enum
            | Kind::Enum64
            | Kind::Fwd
    );
    kind && !ty.name().is_empty()
}

/// What a member is in the end, typedefs, qualifiers and arrays left off.
fn part(btf: &Btf, member: TypeId) -> Result<TypeId, Error> {
    let mut id = member;
    for _ in 0..DEEPEST {
        let ty = btf.ty(id)?;
        id = match ty.array() {
            Some(array) => array.element,
            None if ty.kind().is_modifier() => ty.target().unwrap_or_default(),
            None => return Ok(id),
        };
    }
    Err(Error::TooDeep { id: member, limit: DEEPEST })
}
