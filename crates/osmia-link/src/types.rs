//! `.BTF` and `.BTF.ext` of the linked object.

use std::collections::HashSet;

use bytes::Bytes;
use osmia_btf::{Builder, Endian, Kind, Linkage, Subset, Type, TypeId, subset};

use crate::budget::Budget;
use crate::conflict;
use crate::datasec::DataSections;
use crate::error::Error;
use crate::instructions;
use crate::layout::Layout;
use crate::merged::Merged;
use crate::source::Source;
use crate::symbols::Symbols;

/// The types, and the records of instructions.
pub(crate) struct LinkedTypes {
    pub btf: Bytes,
    pub ext: Option<Bytes>,
}

/// Links the types of all files; `None` if no file has any.
pub(crate) fn link(
    sources: &[Source<'_>],
    layout: &Layout<'_>,
    symbols: &Symbols<'_>,
    endian: Endian,
    budget: &Budget,
) -> Result<Option<LinkedTypes>, Error> {
    let Some(merged) = Merged::of(sources)? else { return Ok(None) };
    conflict::check(sources, layout, symbols, &merged, budget)?;
    let sections = DataSections::of(sources, layout, symbols)?;
    let kept = kept(&merged, &sections)?;
    let id_of = |file: usize, id: TypeId| {
        let id = merged.id(file, id)?;
        let count = merged.btf().type_count().unwrap_or_default();
        kept.id(id).ok_or(Error::merged(osmia_btf::Error::NoSuchType { id, count }))
    };
    let mut builder = Builder::from_btf(&kept.btf).map_err(Error::merged)?;
    sections.add_to(&mut builder, layout, id_of)?;
    let ext = instructions::link(sources, layout, budget, &mut builder, id_of)?;
    let ext = ext.map(|ext| ext.to_bytes(endian)).transpose().map_err(Error::merged)?;
    Ok(Some(LinkedTypes { btf: builder.to_bytes().map_err(Error::merged)?, ext }))
}

/// All types but the files' sections, variables whose definition does not count, and
/// declarations of what is defined or declared elsewhere.
fn kept(merged: &Merged, sections: &DataSections<'_>) -> Result<Subset, Error> {
    let wanted = sections.kept().map(|(file, id)| merged.id(file, id));
    let wanted = wanted.collect::<Result<HashSet<_>, _>>()?;
    let mut roots = Vec::new();
    for ty in merged.btf().own_types().map_err(Error::merged)? {
        let ty = ty.map_err(Error::merged)?;
        if wanted.contains(&ty.id()) || stays(&ty) {
            roots.push(ty.id());
        }
    }
    subset(merged.btf(), roots).map_err(Error::merged)
}

/// Whether a type is there in any case. Tags come with what they are for.
fn stays(ty: &Type<'_>) -> bool {
    match ty.kind() {
        Kind::DataSec | Kind::Var | Kind::DeclTag => false,
        Kind::Func => ty.linkage() != Some(Linkage::Extern),
        _ => true,
    }
}
