//! Addresses in initialised data.

use std::cell::OnceCell;

use object::elf::STT_OBJECT;

use crate::error::Error;
use crate::function::Function;
use crate::map_spec::Pointer;
use crate::read::code::Code;
use crate::read::elf::{Elf, ElfRelocation, Place, Symbol};
use crate::read::source::Source;

/// What addresses lead to.
pub(crate) struct Pointees<'a> {
    source: &'a Source<'a>,
    code: &'a Code,
    functions: &'a [Function],
    /// The variables by section and place: their starts, ends and names.
    objects: OnceCell<Vec<ObjectAt<'a>>>,
}

/// The section, start, end and name of a variable.
type ObjectAt<'a> = (usize, u64, u64, &'a str);

impl<'a> Pointees<'a> {
    pub fn new(source: &'a Source<'a>, code: &'a Code, functions: &'a [Function]) -> Self {
        Self { source, code, functions, objects: OnceCell::new() }
    }

    fn objects(&self) -> &[ObjectAt<'a>] {
        self.objects.get_or_init(|| {
            let symbols = self.source.elf.symbols.iter();
            let named =
                symbols.filter(|symbol| symbol.kind == STT_OBJECT && !symbol.name.is_empty());
            let place = |symbol: &Symbol<'a>| match symbol.place {
                Place::Section(section) => {
                    let end = symbol.value.saturating_add(symbol.size);
                    Some((section, symbol.value, end, symbol.name))
                }
                _ => None,
            };
            let mut objects: Vec<_> = named.filter_map(place).collect();
            objects.sort_unstable();
            objects
        })
    }

    /// The addresses in a range of a section, counted from the range's start.
    pub fn read(&self, section: usize, range: std::ops::Range<u64>) -> Result<Vec<Pointer>, Error> {
        let relocations = &self.source.elf.section(section)?.relocations;
        let first = relocations.partition_point(|relocation| relocation.offset < range.start);
        let mut pointers = Vec::new();
        for relocation in relocations.iter().skip(first) {
            if relocation.offset >= range.end {
                break;
            }
            let (symbol, added) = self.pointee(relocation, section);
            self.source.budget.charge(symbol.len())?;
            let offset = (relocation.offset - range.start) as u32;
            pointers.push(Pointer { offset, symbol, added });
        }
        Ok(pointers)
    }

    /// What has a name at the address, and how far behind its start that is. Static functions and
    /// variables are addressed from their section's start.
    fn pointee(&self, relocation: &ElfRelocation, section: usize) -> (String, i64) {
        let elf = &self.source.elf;
        let added = relocation.addend.or_else(|| stored(elf, relocation, section)).unwrap_or(0);
        let nameless = || {
            let symbol = elf.symbols.get(relocation.symbol)?;
            let Place::Section(target) = symbol.place else { return None };
            let at = symbol.value.checked_add_signed(added)?;
            if !symbol.name.is_empty() {
                return None;
            }
            self.function(target, at).or_else(|| self.object(target, at))
        };
        nameless().unwrap_or_else(|| (elf.symbol_title(relocation.symbol), added))
    }

    fn function(&self, section: usize, at: u64) -> Option<(String, i64)> {
        let id = self.code.starting_at(section, at / 8)?;
        let function = self.functions.get(id.0 as usize)?;
        Some((function.name.clone(), 0))
    }

    fn object(&self, section: usize, at: u64) -> Option<(String, i64)> {
        let objects = self.objects();
        let behind = objects.partition_point(|object| (object.0, object.1) <= (section, at));
        let &(_, start, _, name) = behind
            .checked_sub(1)
            .and_then(|last| objects.get(last))
            .filter(|object| object.0 == section && at < object.2)?;
        Some((name.to_owned(), (at - start) as i64))
    }
}

/// What is added to the symbol's address, where the place itself tells it.
fn stored(elf: &Elf<'_>, relocation: &ElfRelocation, section: usize) -> Option<i64> {
    let at = usize::try_from(relocation.offset).ok()?;
    let bytes = elf.sections.get(section)?.data.get(at..)?.first_chunk()?;
    Some(elf.endian.u64(*bytes) as i64)
}
