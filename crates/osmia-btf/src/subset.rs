//! Some types of a BTF, and all that they need.

use std::collections::HashMap;

use crate::btf::Btf;
use crate::builder::Builder;
use crate::error::Error;
use crate::hash::Quick;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;
use crate::words::Word;

/// Types copied out of a BTF.
#[derive(Clone, Debug)]
pub struct Subset {
    /// The copies, in the order that they had.
    pub btf: Btf,
    ids: HashMap<TypeId, TypeId, Quick>,
}

impl Subset {
    /// What a type is called among the copies, if it is among them.
    pub fn id(&self, of: TypeId) -> Option<TypeId> {
        if of.is_void() { Some(of) } else { self.ids.get(&of).copied() }
    }
}

/// Copies types and all that they refer to into a BTF of their own; the declaration tags
/// of copied types come with them.
///
/// # Errors
/// There is no such type, or a record is broken.
pub fn subset(btf: &Btf, roots: impl IntoIterator<Item = TypeId>) -> Result<Subset, Error> {
    let mut wanted = Wanted { marks: vec![false; btf.type_count()? as usize], open: Vec::new() };
    for root in roots {
        btf.ty_unnamed(root)?;
        wanted.add(root);
    }
    wanted.follow(btf)?;
    // Tags refer to types, not the other way round.
    for tag in btf.types_unnamed()? {
        let tag = tag?;
        let target = tag.target().unwrap_or_default();
        if tag.kind() == Kind::DeclTag && wanted.has(target) {
            wanted.add(tag.id());
        }
    }
    wanted.follow(btf)?;

    let ids = (1..btf.type_count()?).map(TypeId).filter(|&id| wanted.has(id));
    let ids: HashMap<_, _, Quick> = ids.zip((1..).map(TypeId)).collect();
    let mut builder = Builder::new(btf.endian());
    for id in (1..btf.type_count()?).map(TypeId).filter(|&id| wanted.has(id)) {
        builder.copy(&btf.ty(id)?, |of| {
            let to = if of.is_void() { Some(of) } else { ids.get(&of).copied() };
            to.ok_or(Error::NoSuchType { id: of, count: btf.type_count()? })
        })?;
    }
    Ok(Subset { btf: builder.build()?, ids })
}

struct Wanted {
    marks: Vec<bool>,
    /// Marked, but not looked into yet.
    open: Vec<TypeId>,
}

impl Wanted {
    fn has(&self, id: TypeId) -> bool {
        self.marks.get(id.0 as usize).is_some_and(|&mark| mark)
    }

    fn add(&mut self, id: TypeId) {
        if id.is_void() {
            return;
        }
        if let Some(mark @ false) = self.marks.get_mut(id.0 as usize) {
            *mark = true;
            self.open.push(id);
        }
    }

    fn follow(&mut self, btf: &Btf) -> Result<(), Error> {
        while let Some(id) = self.open.pop() {
            btf.ty_unnamed(id)?.references().for_each(|id| self.add(id));
        }
        Ok(())
    }
}

impl Type<'_> {
    /// The types that the record refers to.
    pub(crate) fn references(&self) -> impl Iterator<Item = TypeId> {
        let words = self.kind().words().unwrap_or_default();
        let endian = self.btf().endian();
        let word = move |bytes| endian.u32_at(bytes, 0).unwrap_or_default();
        let tail = self.tail().chunks_exact(4).zip(words.iter().cycle());
        let tail = tail.filter(|&(_, &meaning)| meaning == Word::Id).map(move |(b, _)| word(b));
        self.target().into_iter().chain(tail.map(TypeId))
    }
}
