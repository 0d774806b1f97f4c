//! The types of a target that relocations look at, and how much of each.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::btf::Btf;
use crate::core_re::path::Path;
use crate::core_re::relocation::Choice;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// How much of a type is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Members or enumerators.
    pub elements: BTreeSet<u32>,
    /// What a pointer points to.
    pub pointee: bool,
}

/// What of one BTF is wanted. A type that is there without parts is so by its name,
/// kind and size.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub types: BTreeMap<TypeId, Parts>,
    /// What has been walked already.
    walked: HashSet<(TypeId, Walk)>,
}

/// How types are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Walk {
    /// As far as the comparison of fields looks: not through pointers.
    Field,
    /// As far as the comparison of types looks: not into structs.
    Type,
    /// With all that a struct has.
    Whole,
    /// The same behind a pointer, where names do.
    Behind,
}

impl Wanted {
    /// All that leads to a field.
    pub fn field(&mut self, btf: &Btf, root: TypeId, path: &Path<'_>) -> Result<(), Error> {
        let mut at = root;
        // The first index is that of an element that a pointer to the type points to.
        for &index in path.raw.iter().skip(1) {
            self.walk(btf, at, Walk::Field)?;
            let ty = btf.resolve(at)?;
            at = match (ty.array(), ty.member_at(index)) {
                (Some(array), _) => array.element,
                (None, Some(member)) => {
                    self.parts(ty.id()).elements.insert(index);
                    member?.ty
                }
                (None, None) => return Ok(()),
            };
        }
        self.walk(btf, at, Walk::Field)
    }

    /// A type that must only be there.
    pub fn shell(&mut self, btf: &Btf, root: TypeId) -> Result<(), Error> {
        self.walk(btf, root, Walk::Type)
    }

    /// A type with all that is in it.
    pub fn whole(&mut self, btf: &Btf, root: TypeId) -> Result<(), Error> {
        self.walk(btf, root, Walk::Whole)
    }

    /// An enumerator.
    pub fn enumerator(
        &mut self,
        btf: &Btf,
        root: TypeId,
        choice: &Choice<'_>,
    ) -> Result<(), Error> {
        self.walk(btf, root, Walk::Field)?;
        let id = btf.resolve(root)?.id();
        self.parts(id).elements.insert(choice.index);
        Ok(())
    }

    fn parts(&mut self, id: TypeId) -> &mut Parts {
        self.types.entry(id).or_default()
    }

    fn walk(&mut self, btf: &Btf, root: TypeId, how: Walk) -> Result<(), Error> {
        let mut open = vec![(root, how)];
        while let Some((id, how)) = open.pop() {
            if id.is_void() || !self.walked.insert((id, how)) {
                continue;
            }
            let ty = btf.ty(id)?;
            self.parts(id);
            self.enter(&ty, how, &mut open)?;
        }
        Ok(())
    }

    /// Puts what comes behind a type into `open`.
    fn enter(
        &mut self,
        ty: &Type<'_>,
        how: Walk,
        open: &mut Vec<(TypeId, Walk)>,
    ) -> Result<(), Error> {
        let all = 0..ty.vlen();
        match (ty.kind(), how) {
            (Kind::Ptr, Walk::Field) => {}
            (Kind::Ptr, _) => {
                self.parts(ty.id()).pointee = true;
                let behind = if how == Walk::Type { Walk::Type } else { Walk::Behind };
                open.extend(ty.target().map(|to| (to, behind)));
            }
            (Kind::Array, _) => {
                let array = ty.array();
                open.extend(array.map(|array| (array.element, how)));
                open.extend(array.map(|array| (array.index, Walk::Field)));
            }
            (Kind::FuncProto, _) => {
                open.extend(ty.target().map(|returned| (returned, how)));
                for param in ty.params() {
                    open.push((param?.ty, how));
                }
            }
            (Kind::Struct | Kind::Union, Walk::Whole) => {
                self.parts(ty.id()).elements.extend(all);
                for member in ty.members() {
                    open.push((member?.ty, Walk::Whole));
                }
            }
            (Kind::Enum | Kind::Enum64, Walk::Whole | Walk::Behind) => {
                self.parts(ty.id()).elements.extend(all);
            }
            (kind, _) if kind.is_modifier() => open.extend(ty.target().map(|to| (to, how))),
            _ => {}
        }
        Ok(())
    }
}
