//! Jump tables: numbers that lead into code, which has moved.

use std::collections::HashMap;
use std::ops::Range;

use osmia_btf::Endian;
use osmia_object::elf::Place;

use crate::error::Error;
use crate::layout::Layout;
use crate::source::Source;

/// Where compilers put them: a symbol for each table.
pub(crate) const SECTION: &str = ".jumptables";

/// A number is a byte of the section that the code stands in.
const ENTRY: usize = 8;

/// Adds to the numbers of all tables what the code that jumps through them has moved.
pub(crate) fn link(sources: &[Source<'_>], layout: &mut Layout<'_>) -> Result<(), Error> {
    for (file, source) in sources.iter().enumerate() {
        let Some((tables, section)) = source.only_section(SECTION)? else { continue };
        let Some(placed) = layout.placed(file, tables) else { continue };
        for (symbol, by) in moved(source, layout, file, tables)? {
            let Some(found) = source.elf.symbols.get(symbol) else { continue };
            if found.size == 0 {
                return Err(source.symbol_error(symbol, "the jump table does not say its size"));
            }
            let end = found.value.saturating_add(found.size).min(section.size);
            let range = (placed.start + found.value) as usize..(placed.start + end) as usize;
            let Some(linked) = layout.sections.get_mut(placed.section) else { continue };
            if !shift(&mut linked.data, range, by, source.elf.endian) {
                return Err(source.symbol_error(symbol, "the table's entries are not of 8 bytes"));
            }
        }
    }
    Ok(())
}

/// The tables' symbols, and how far the code of each has moved.
fn moved(
    source: &Source<'_>,
    layout: &Layout<'_>,
    file: usize,
    tables: usize,
) -> Result<Vec<(usize, u64)>, Error> {
    let mut moved = HashMap::new();
    for (index, section) in source.elf.sections.iter().enumerate() {
        let Some(code) = layout.placed(file, index).filter(|_| section.is_code()) else { continue };
        for relocation in &section.relocations {
            let symbol = source.elf.symbols.get(relocation.symbol);
            if symbol.is_none_or(|symbol| symbol.place != Place::Section(tables)) {
                continue;
            }
            let known = moved.insert(relocation.symbol, code.start);
            if known.is_some_and(|known| known != code.start) {
                let problem = "two sections with code jump through the table";
                return Err(source.symbol_error(relocation.symbol, problem));
            }
        }
    }
    let mut moved: Vec<_> = moved.into_iter().filter(|&(_, by)| by > 0).collect();
    moved.sort_unstable();
    Ok(moved)
}

/// Adds to each number of a range; whether it is made of whole numbers.
fn shift(data: &mut [u8], range: Range<usize>, by: u64, endian: Endian) -> bool {
    let Some(table) = data.get_mut(range).filter(|table| table.len() % ENTRY == 0) else {
        return false;
    };
    for entry in table.chunks_exact_mut(ENTRY) {
        let number = entry.first_chunk().map_or(0, |bytes| endian.u64(*bytes));
        entry.copy_from_slice(&endian.u64_bytes(number.wrapping_add(by)));
    }
    true
}
