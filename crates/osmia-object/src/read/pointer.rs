//! Addresses in initialised data.

use crate::error::Error;
use crate::function::Function;
use crate::map_spec::Pointer;
use crate::read::code::Code;
use crate::read::elf::{Elf, ElfRelocation, Place};
use crate::read::source::Source;

/// The addresses in a range of a section, counted from the range's start.
pub(crate) fn read(
    source: &Source<'_>,
    section: usize,
    range: std::ops::Range<u64>,
    code: &Code,
    functions: &[Function],
) -> Result<Vec<Pointer>, Error> {
    let relocations = &source.elf.section(section)?.relocations;
    let first = relocations.partition_point(|relocation| relocation.offset < range.start);
    let mut pointers = Vec::new();
    for relocation in relocations.iter().skip(first) {
        if relocation.offset >= range.end {
            break;
        }
        let symbol = title(&source.elf, relocation, section, code, functions);
        source.budget.charge(symbol.len())?;
        let offset = (relocation.offset - range.start) as u32;
        pointers.push(Pointer { offset, symbol });
    }
    Ok(pointers)
}

/// The symbol's name; for static functions, which are addressed from their section's start, theirs.
fn title(
    elf: &Elf<'_>,
    relocation: &ElfRelocation,
    section: usize,
    code: &Code,
    functions: &[Function],
) -> String {
    let function = || {
        let symbol = elf.symbols.get(relocation.symbol).filter(|symbol| symbol.name.is_empty())?;
        let Place::Section(target) = symbol.place else { return None };
        let stored = || {
            let at = usize::try_from(relocation.offset).ok()?;
            let bytes = elf.sections.get(section)?.data.get(at..)?.first_chunk()?;
            Some(elf.endian.u64(*bytes))
        };
        let added = relocation.addend.map_or_else(stored, |addend| u64::try_from(addend).ok())?;
        let id = code.starting_at(target, symbol.value.checked_add(added)? / 8)?;
        functions.get(id.0 as usize)
    };
    function().map_or_else(|| elf.symbol_title(relocation.symbol), |found| found.name.clone())
}
