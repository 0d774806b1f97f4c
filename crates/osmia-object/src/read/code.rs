//! Functions: where each begins and ends in its section.

use std::ops::Range;

use object::elf::{STT_FUNC, STT_NOTYPE};
use osmia_btf::{Endian, Linkage};
use osmia_insn::{Endian as InsnEndian, Insn};

use crate::error::Error;
use crate::function::{Function, FunctionId};
use crate::read::elf::{Place, Section, Symbol};
use crate::read::order;
use crate::read::source::Source;

/// Where functions stand. Each section counts from 0, so that a place is a section and a slot.
#[derive(Default)]
pub(crate) struct Code {
    /// By the section's index. Sorted by first slot; of those that share one, the global ones
    /// come first.
    by_section: Vec<Vec<Placed>>,
    /// Whether only its C file knows a function's symbol, by its number.
    local: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Placed {
    start: u32,
    end: u32,
    id: FunctionId,
}

impl Code {
    /// Whether a function is static. A hidden one is not: other C files of the object may
    /// have called it.
    pub fn is_local(&self, id: FunctionId) -> bool {
        self.local.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The functions of a section.
    pub fn ids(&self, section: usize) -> impl Iterator<Item = FunctionId> + '_ {
        self.by_section.get(section).into_iter().flatten().map(|placed| placed.id)
    }

    /// The function that begins at this slot of a section.
    pub fn starting_at(&self, section: usize, slot: u64) -> Option<FunctionId> {
        let placed = self.by_section.get(section)?;
        let first = placed.partition_point(|placed| u64::from(placed.start) < slot);
        placed.get(first).filter(|placed| u64::from(placed.start) == slot).map(|placed| placed.id)
    }

    /// The functions that a slot of a section belongs to, and which of their slots it is.
    pub fn containing(
        &self,
        section: usize,
        slot: u32,
    ) -> impl Iterator<Item = (FunctionId, u32)> + '_ {
        self.run(section, slot).containing(slot)
    }

    /// The slots around this one that the same functions begin before.
    pub fn run(&self, section: usize, slot: u32) -> Run<'_> {
        let placed = self.by_section.get(section).map(Vec::as_slice).unwrap_or_default();
        let behind = placed.partition_point(|placed| placed.start <= slot);
        let (before, behind) = placed.split_at_checked(behind).unwrap_or_default();
        let start = before.last().map_or(0, |last| last.start);
        let first = before.partition_point(|placed| placed.start < start);
        Run {
            functions: before.get(first..).unwrap_or_default(),
            slots: start..behind.first().map_or(u32::MAX, |next| next.start),
        }
    }
}

/// Slots of a section that the same functions begin before.
///
/// These are several where names share code, and none of them has the slot where code is dead:
/// linkers leave that of weak functions that lost.
#[derive(Default)]
pub(crate) struct Run<'a> {
    functions: &'a [Placed],
    slots: Range<u32>,
}

impl<'a> Run<'a> {
    /// Whether a slot is one of these.
    pub fn has(&self, slot: u32) -> bool {
        self.slots.contains(&slot)
    }

    /// The functions that a slot belongs to, and which of their slots it is.
    pub fn containing(&self, slot: u32) -> impl Iterator<Item = (FunctionId, u32)> + use<'a> {
        let functions = self.functions.iter().rev();
        functions
            .filter(move |placed| placed.start <= slot && slot < placed.end)
            .map(move |placed| (placed.id, slot - placed.start))
    }
}

/// Reads all functions.
pub(crate) fn read(source: &Source<'_>) -> Result<(Vec<Function>, Code), Error> {
    let mut functions = Vec::new();
    let mut code = Code::default();
    code.by_section.resize_with(source.elf.sections.len(), Vec::new);
    for (index, symbols) in symbols_by_section(source) {
        let section = source.elf.section(index)?;
        if section.data.len() % Insn::SIZE != 0 {
            let problem = "the section does not end with a whole instruction of 8 bytes";
            return Err(section.error(section.data.len() as u64, problem));
        }
        let mut placed = Vec::with_capacity(symbols.len());
        for (symbol, start, end) in bounds(source, section, &symbols)? {
            let id = FunctionId(functions.len() as u32);
            placed.push(Placed { start, end, id });
            code.local.push(source.elf.symbols.get(symbol).is_some_and(Symbol::is_local));
            functions.push(function(source, section, symbol, start, end)?);
        }
        if let Some(place) = code.by_section.get_mut(index) {
            *place = placed;
        }
    }
    Ok((functions, code))
}

/// The symbols of functions of each section with code, in the order of sections.
fn symbols_by_section(source: &Source<'_>) -> Vec<(usize, Vec<usize>)> {
    let mut of_section = vec![(Vec::new(), Vec::new()); source.elf.sections.len()];
    for (index, symbol) in source.elf.symbols.iter().enumerate() {
        let Place::Section(section) = symbol.place else { continue };
        let Some((functions, untyped)) = of_section.get_mut(section) else { continue };
        match symbol.kind {
            STT_FUNC => functions.push(index),
            STT_NOTYPE if !symbol.is_local() => untyped.push(index),
            _ => {}
        }
    }
    let code = source.elf.sections.iter().zip(of_section).enumerate();
    let symbols = code.filter(|(_, (section, _))| section.is_code());
    let symbols = symbols.filter_map(|(index, (_, (functions, untyped)))| {
        // Compilers before LLVM 8 gave functions no type.
        let symbols = if functions.is_empty() { untyped } else { functions };
        (!symbols.is_empty()).then_some((index, symbols))
    });
    symbols.collect()
}

/// The first slot and the slot behind the last one of each function, sorted.
fn bounds(
    source: &Source<'_>,
    section: &Section<'_>,
    symbols: &[usize],
) -> Result<Vec<(usize, u32, u32)>, Error> {
    let slots = (section.data.len() / Insn::SIZE) as u64;
    let mut bounds = Vec::with_capacity(symbols.len());
    for &index in symbols {
        let Some(symbol) = source.elf.symbols.get(index) else { continue };
        let wrong = |problem| Err(source.elf.symbol_error(index, problem));
        let size = Insn::SIZE as u64;
        if symbol.value % size != 0 || symbol.size % size != 0 {
            return wrong("the function is not made of whole instructions of 8 bytes");
        }
        let (start, len) = (symbol.value / size, symbol.size / size);
        if start >= slots || len > slots - start || u32::try_from(slots).is_err() {
            return wrong("the function does not lie in its section");
        }
        bounds.push((index, symbol.is_local(), start as u32, len as u32));
    }
    order::put(&mut bounds, |&(index, local, start, _)| (start, local, index));
    let ends = ends(&bounds, slots as u32);
    let mut found = Vec::with_capacity(bounds.len());
    for (&(index, _, start, len), limit) in bounds.iter().zip(ends) {
        let end = if len == 0 { limit } else { start + len };
        if end > limit {
            return Err(source.elf.symbol_error(index, "the function runs into the next one"));
        }
        found.push((index, start, end));
    }
    Ok(found)
}

/// For each function where the next one that begins elsewhere does, or the section ends.
fn ends(bounds: &[(usize, bool, u32, u32)], slots: u32) -> Vec<u32> {
    let mut ends = vec![slots; bounds.len()];
    let mut limit = slots;
    let mut after = slots;
    for (end, &(_, _, start, _)) in ends.iter_mut().zip(bounds).rev() {
        if start != after {
            limit = after;
            after = start;
        }
        *end = limit;
    }
    ends
}

fn function(
    source: &Source<'_>,
    section: &Section<'_>,
    symbol: usize,
    start: u32,
    end: u32,
) -> Result<Function, Error> {
    let Some(at) = source.elf.symbols.get(symbol) else {
        return Err(source.elf.symbol_error(symbol, "is not there"));
    };
    let bytes = (start as usize * Insn::SIZE)..(end as usize * Insn::SIZE);
    let bytes = section.data.get(bytes).unwrap_or_default();
    source.budget.charge(bytes.len() + bytes.len() / 2)?;
    let endian = match source.elf.endian {
        Endian::Little => InsnEndian::Little,
        Endian::Big => InsnEndian::Big,
    };
    let insns = Insn::decode_all(bytes, endian)
        .map_err(|error| source.elf.symbol_error(symbol, error.to_string()))?;
    // A hidden function is verified together with its callers, as a static one.
    let outside = !at.is_local() && !at.hidden;
    Ok(Function {
        name: source.budget.name(at.name)?,
        section: source.budget.name(section.name)?,
        start,
        linkage: if outside { Linkage::Global } else { Linkage::Static },
        weak: at.is_weak(),
        insns,
        relocations: Vec::new(),
        jump_tables: Vec::new(),
        core: Vec::new(),
        lines: Vec::new(),
        btf_type: None,
        exception_callback: None,
    })
}
