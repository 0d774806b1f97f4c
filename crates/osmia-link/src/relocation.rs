//! References, rewritten for where things are now.

use osmia_object::elf::{ElfRelocation, Section};

use crate::error::Error;
use crate::layout::Layout;
use crate::patch::{Field, Site};
use crate::source::Source;
use crate::symbols::{Name, Symbols};

/// A reference of the linked object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkedRelocation {
    pub offset: u64,
    /// `R_BPF_*`.
    pub kind: u32,
    pub to: Name,
}

/// Rewrites all references of all files.
pub(crate) fn link(
    sources: &[Source<'_>],
    layout: &mut Layout<'_>,
    symbols: &Symbols<'_>,
) -> Result<(), Error> {
    for (file, source) in sources.iter().enumerate() {
        for (index, section) in source.elf.sections.iter().enumerate() {
            let Some(placed) = layout.placed(file, index).filter(|placed| !placed.again) else {
                continue;
            };
            let Some(linked) = layout.sections.get_mut(placed.section) else { continue };
            let code = linked.is_code();
            let start = placed.start as usize;
            let data = linked.data.get_mut(start..).unwrap_or_default();
            let data = data.get_mut(..section.data.len()).unwrap_or_default();
            for relocation in &section.relocations {
                let reference = Reference { source, section, relocation };
                let Some(field) = reference.field(data, code)? else { continue };
                let to = symbols.name(file, relocation.symbol);
                let to = to.ok_or_else(|| reference.error("leads to nothing that is linked"))?;
                reference.move_by(data, field, to)?;
                let offset = placed.start + relocation.offset;
                linked.relocations.push(LinkedRelocation { offset, kind: relocation.kind, to });
            }
        }
    }
    Ok(())
}

/// A reference of a file.
struct Reference<'s, 'a> {
    source: &'s Source<'a>,
    section: &'s Section<'a>,
    relocation: &'s ElfRelocation,
}

impl Reference<'_, '_> {
    /// What holds the addend; `None` if the reference is void.
    fn field(&self, data: &[u8], code: bool) -> Result<Option<Field>, Error> {
        let site = Site { data, offset: self.relocation.offset };
        site.field(self.relocation.kind, code).map_err(|problem| self.error(&problem))
    }

    /// Adds to the addend what the symbol's change of meaning takes away.
    fn move_by(&self, data: &mut [u8], field: Field, to: Name) -> Result<(), Error> {
        let by = if let Name::Section(_, by) = to { by } else { 0 };
        if by == 0 && self.relocation.addend.is_none() {
            return Ok(());
        }
        let endian = self.source.elf.endian;
        let addend = match self.relocation.addend {
            Some(addend) => i128::from(addend),
            None => field.addend(data, endian),
        };
        field
            .set_addend(data, endian, addend + i128::from(by))
            .map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: &str) -> Error {
        Error::Relocation {
            file: self.source.file.to_owned(),
            section: self.section.name.to_owned(),
            offset: self.relocation.offset,
            symbol: self.source.elf.symbol_title(self.relocation.symbol),
            problem: problem.to_owned(),
        }
    }
}
