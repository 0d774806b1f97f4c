//! The symbols of the linked object: which of several definitions of a name counts.

use std::collections::HashSet;

use indexmap::IndexMap;
use object::elf;
use osmia_object::elf::{Place, Symbol};

use crate::error::Error;
use crate::jump_table;
use crate::layout::{Layout, Placed};
use crate::source::Source;

/// A symbol of the linked object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkedSymbol {
    /// The section's index among the linked ones, and the byte in it; `None` if nothing
    /// defines it.
    pub home: Option<(usize, u64)>,
    pub size: u64,
    /// `STT_*`.
    pub kind: u8,
    pub weak: bool,
    pub hidden: bool,
    /// The index of the file that defines it, or of the first that declares it.
    pub file: usize,
}

/// What a symbol of a file is called in the linked object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// The section's own symbol, and how far behind its start.
    Section(usize, u64),
    /// By the index among the local ones.
    Local(usize),
    /// By the index among the global ones.
    Global(usize),
}

/// The symbols of the linked object.
#[derive(Default)]
pub(crate) struct Symbols<'a> {
    pub locals: Vec<(&'a str, LinkedSymbol)>,
    pub globals: IndexMap<&'a str, LinkedSymbol>,
    /// For each file, by its symbols' indexes.
    names: Vec<Vec<Option<Name>>>,
}

impl<'a> Symbols<'a> {
    pub fn of(sources: &[Source<'a>], layout: &Layout<'a>) -> Result<Self, Error> {
        let mut symbols = Self::default();
        for (file, source) in sources.iter().enumerate() {
            let referred: HashSet<usize> = source
                .elf
                .sections
                .iter()
                .flat_map(|section| section.relocations.iter().map(|to| to.symbol))
                .collect();
            let mut names = vec![None; source.elf.symbols.len()];
            for (index, slot) in names.iter_mut().enumerate().skip(1) {
                let one = One { sources, source, layout, file, index };
                *slot = symbols.add(&one, referred.contains(&index))?;
            }
            symbols.names.push(names);
        }
        Ok(symbols)
    }

    /// What a file's symbol is called.
    pub fn name(&self, file: usize, symbol: usize) -> Option<Name> {
        self.names.get(file)?.get(symbol).copied().flatten()
    }

    fn add(&mut self, one: &One<'_, 'a>, referred: bool) -> Result<Option<Name>, Error> {
        let Some(symbol) = one.source.elf.symbols.get(one.index) else { return Ok(None) };
        let home = one.home(symbol)?;
        if symbol.kind == elf::STT_SECTION {
            return Ok(home.map(|(placed, _)| Name::Section(placed.section, placed.start)));
        }
        if let Some((Placed { section, start, again: true }, _)) = home {
            return Ok(Some(Name::Section(section, start + symbol.value)));
        }
        let linked = LinkedSymbol {
            home: home.map(|(placed, at)| (placed.section, at)),
            size: symbol.size,
            kind: symbol.kind,
            weak: symbol.is_weak(),
            hidden: symbol.hidden,
            file: one.file,
        };
        let table = home.and_then(|(placed, _)| one.layout.section(placed));
        let is_table = table.is_some_and(|section| section.name == jump_table::SECTION);
        // Compilers number their tables in each file anew.
        if symbol.is_local() || is_table {
            // The compiler's labels are of use only where something refers to them.
            let is_label = symbol.kind == elf::STT_NOTYPE && !referred;
            if home.is_none() || is_label {
                return Ok(None);
            }
            self.locals.push((symbol.name, linked));
            return Ok(Some(Name::Local(self.locals.len() - 1)));
        }
        self.global(one, symbol, linked).map(|index| Some(Name::Global(index)))
    }

    fn global(
        &mut self,
        one: &One<'_, 'a>,
        symbol: &Symbol<'a>,
        new: LinkedSymbol,
    ) -> Result<usize, Error> {
        if symbol.name.is_empty() {
            return one.wrong("other files know it, and it has no name");
        }
        let Some((index, _, known)) = self.globals.get_full_mut(symbol.name) else {
            return Ok(self.globals.insert_full(symbol.name, new).0);
        };
        let hidden = known.hidden || new.hidden;
        match (known.home, new.home) {
            (Some(_), Some(_)) if !known.weak && !new.weak => {
                let file = |at: usize| one.sources.get(at).map_or("?", |source| source.file);
                return Err(Error::Duplicate {
                    symbol: symbol.name.to_owned(),
                    first: file(known.file).to_owned(),
                    second: one.source.file.to_owned(),
                });
            }
            (None, Some(_)) => *known = new,
            (Some(_), Some(_)) if known.weak && !new.weak => *known = new,
            // It has to be there if one file cannot do without.
            (None, None) => known.weak &= new.weak,
            (Some(_), _) => {}
        }
        known.hidden = hidden;
        Ok(index)
    }
}

/// A symbol of a file.
struct One<'s, 'a> {
    sources: &'s [Source<'a>],
    source: &'s Source<'a>,
    layout: &'s Layout<'a>,
    file: usize,
    index: usize,
}

impl One<'_, '_> {
    /// Where it is in the linked object; `None` if it is nowhere.
    fn home(&self, symbol: &Symbol<'_>) -> Result<Option<(Placed, u64)>, Error> {
        let section = match symbol.place {
            Place::Section(section) => section,
            Place::Undefined => return Ok(None),
            Place::Absolute | Place::Common if symbol.is_local() => return Ok(None),
            Place::Absolute => return self.wrong("it is a number without a place"),
            Place::Common => {
                return self.wrong(
                    "it is in no section: give it an initial value, or compile with -fno-common",
                );
            }
        };
        let Some(placed) = self.layout.placed(self.file, section) else {
            if symbol.is_local() {
                return Ok(None);
            }
            return self.wrong("the section is not one that is linked");
        };
        let size = self.source.elf.sections.get(section).map_or(0, |section| section.size);
        let end = symbol.value.checked_add(symbol.size);
        if end.is_none_or(|end| end > size) {
            return self.wrong("it does not lie in its section");
        }
        Ok(Some((placed, placed.start + symbol.value)))
    }

    fn wrong<T>(&self, problem: &str) -> Result<T, Error> {
        Err(self.source.symbol_error(self.index, problem))
    }
}
