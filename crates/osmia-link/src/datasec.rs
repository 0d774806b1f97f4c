//! What the types say of sections: which variables are where in the linked ones.

use std::collections::HashSet;

use indexmap::IndexMap;
use osmia_btf::{Builder, Error as BtfError, Kind, Linkage, SectionVar, Type, TypeId};

use crate::error::Error;
use crate::layout::Layout;
use crate::source::Source;
use crate::statics::Statics;
use crate::symbols::Symbols;

/// A variable of a file, or a function of the kernel, and its place.
struct Var {
    file: usize,
    /// As the file calls it.
    id: TypeId,
    offset: u32,
    size: u32,
}

/// The variables of all sections, and the declarations that are left.
#[derive(Default)]
pub(crate) struct DataSections<'s> {
    by_name: IndexMap<&'s str, Vec<Var>>,
    /// Declarations without a section, by file.
    loose: Vec<(usize, TypeId)>,
    /// What nothing defines, and is declared once already.
    declared: HashSet<&'s str>,
}

impl<'s> DataSections<'s> {
    pub fn of(
        sources: &'s [Source<'_>],
        layout: &'s Layout<'_>,
        symbols: &'s Symbols<'_>,
    ) -> Result<Self, Error> {
        let mut sections = Self::default();
        for (file, source) in sources.iter().enumerate() {
            let reader = Reader { source, layout, symbols, file, statics: Statics::of(source) };
            for ty in source.declarations() {
                let ty = ty?;
                if ty.kind() == Kind::DataSec {
                    sections.section(&reader, &ty)?;
                }
            }
        }
        for (file, source) in sources.iter().enumerate() {
            for ty in source.declarations() {
                let ty = ty?;
                let is_left = is_extern(&ty) && !is_defined(symbols, ty.name());
                if is_left && sections.declared.insert(ty.name()) {
                    sections.loose.push((file, ty.id()));
                }
            }
        }
        for vars in sections.by_name.values_mut() {
            vars.sort_by_key(|var| var.offset);
        }
        Ok(sections)
    }

    /// The variables and declarations that the linked types have, by file.
    pub fn kept(&self) -> impl Iterator<Item = (usize, TypeId)> + '_ {
        let placed = self.by_name.values().flatten().map(|var| (var.file, var.id));
        placed.chain(self.loose.iter().copied())
    }

    /// Adds the sections to the types; `id_of` tells what the variables are called there.
    pub fn add_to(
        &self,
        builder: &mut Builder,
        layout: &Layout<'_>,
        id_of: impl Fn(usize, TypeId) -> Result<TypeId, Error>,
    ) -> Result<(), Error> {
        for (name, vars) in &self.by_name {
            let section = layout.named(name);
            let size = section.map_or(0, |section| section.size as u32);
            let vars = vars.iter().map(|&Var { file, id, offset, size }| {
                Ok(SectionVar { var: id_of(file, id)?, offset, size })
            });
            let vars = vars.collect::<Result<Vec<_>, Error>>()?;
            builder.section(name, size, &vars).map_err(Error::merged)?;
        }
        Ok(())
    }

    fn section(&mut self, reader: &Reader<'s, '_>, section: &Type<'s>) -> Result<(), Error> {
        for var in section.section_vars() {
            let found = section.btf().ty(var.var).map_err(|cause| reader.source.types(cause))?;
            let place = match (found.kind(), found.linkage()) {
                (Kind::Var | Kind::Func, Some(Linkage::Extern)) => {
                    let is_new = !is_defined(reader.symbols, found.name())
                        && self.declared.insert(found.name());
                    is_new.then_some((section.name(), 0))
                }
                (Kind::Var, Some(Linkage::Global)) => reader.global(found.name()),
                (Kind::Var, Some(Linkage::Static)) => {
                    reader.static_(section.name(), found.name(), var.offset)?
                }
                (kind, _) => {
                    let problem = "a section of data has it, and it is no variable";
                    let id = found.id();
                    return Err(reader.source.types(BtfError::Invalid { id, kind, problem }));
                }
            };
            let Some((name, offset)) = place else { continue };
            let var = Var { file: reader.file, id: var.var, offset: offset as u32, size: var.size };
            self.by_name.entry(name).or_default().push(var);
        }
        Ok(())
    }
}

fn is_extern(ty: &Type<'_>) -> bool {
    matches!(ty.kind(), Kind::Var | Kind::Func) && ty.linkage() == Some(Linkage::Extern)
}

fn is_defined(symbols: &Symbols<'_>, name: &str) -> bool {
    symbols.globals.get(name).is_some_and(|symbol| symbol.home.is_some())
}

/// The places of a file's variables.
struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    layout: &'s Layout<'a>,
    symbols: &'s Symbols<'a>,
    file: usize,
    statics: Statics<'s>,
}

impl<'s> Reader<'s, '_> {
    /// The place of a variable that this file's definition counts of; `None` if another's does.
    fn global(&self, name: &str) -> Option<(&'s str, u64)> {
        let symbol = self.symbols.globals.get(name).filter(|symbol| symbol.file == self.file)?;
        let (section, offset) = symbol.home?;
        Some((self.layout.sections.get(section)?.name, offset))
    }

    /// The place of a static variable; `None` if its section is not linked.
    fn static_(
        &self,
        section: &str,
        name: &str,
        written: u32,
    ) -> Result<Option<(&'s str, u64)>, Error> {
        let said = self.source.only_section(section)?.map(|(index, _)| index);
        let Some((index, offset)) = self.statics.place(name, said, written) else {
            return Ok(None);
        };
        let Some(placed) = self.layout.placed(self.file, index).filter(|placed| !placed.again)
        else {
            return Ok(None);
        };
        let size = self.source.elf.sections.get(index).map_or(0, |section| section.size);
        if offset > size {
            let problem = format!("the types have {name} at {offset}, behind its end");
            return Err(self.source.section_error(section, problem));
        }
        Ok(self.layout.section(placed).map(|linked| (linked.name, placed.start + offset)))
    }
}
