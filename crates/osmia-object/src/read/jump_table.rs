//! Jump tables: the section `.jumptables`, whose numbers lead into the functions that refer to it.

use std::collections::HashMap;

use osmia_insn::Insn;

use crate::error::Error;
use crate::function::{Function, FunctionId, Target};
use crate::jump_table::JumpTable;
use crate::read::elf::{ElfRelocation, Place, Symbol};
use crate::read::source::Source;

/// Where compilers put them: a symbol for each table.
pub(crate) const SECTION: &str = ".jumptables";

/// A number is a byte of the section that the code stands in.
const ENTRY: usize = 8;

/// The tables that were read, by function and symbol: one that is loaded twice is one.
#[derive(Default)]
pub(crate) struct JumpTables {
    known: HashMap<(FunctionId, usize), Result<u32, String>>,
}

impl JumpTables {
    /// What a function's reference to a table means; `None` if it is to something else.
    pub fn target(
        &mut self,
        source: &Source<'_>,
        id: FunctionId,
        function: &mut Function,
        at: u32,
        relocation: &ElfRelocation,
    ) -> Result<Option<Target>, Error> {
        let Some(symbol) = source.elf.symbols.get(relocation.symbol) else { return Ok(None) };
        let Place::Section(section) = symbol.place else { return Ok(None) };
        if source.elf.section(section)?.name != SECTION {
            return Ok(None);
        }
        let insn = function.insns.get(at as usize).copied().unwrap_or_default();
        let added = relocation.addend.unwrap_or(i64::from(insn.imm));
        let table = match self.known.get(&(id, relocation.symbol)) {
            Some(known) => known.clone(),
            None => {
                let table = add(source, function, section, symbol)?;
                self.known.insert((id, relocation.symbol), table.clone());
                table
            }
        };
        let table = table.and_then(|table| match u32::try_from(added) {
            _ if !insn.is_wide() => Err("only a 64-bit load can refer to a jump table".to_owned()),
            Ok(offset) if u64::from(offset) < symbol.size => {
                Ok(Target::JumpTable { table, offset })
            }
            _ => Err(format!("byte {added} is outside of the jump table")),
        });
        Ok(Some(match table {
            Ok(target) => target,
            Err(reason) => {
                source.budget.charge(reason.len())?;
                let symbol = source.budget.name(&source.elf.symbol_title(relocation.symbol))?;
                Target::Unresolved { symbol, reason }
            }
        }))
    }
}

/// Adds a table to a function's; its number there, or why it is none.
fn add(
    source: &Source<'_>,
    function: &mut Function,
    section: usize,
    symbol: &Symbol<'_>,
) -> Result<Result<u32, String>, Error> {
    let bytes = usize::try_from(symbol.value).ok().zip(usize::try_from(symbol.size).ok());
    let bytes = bytes.and_then(|(start, len)| Some(start..start.checked_add(len)?));
    let bytes = bytes.and_then(|range| source.elf.section(section).ok()?.data.get(range));
    let Some(bytes) = bytes else {
        return Ok(Err(format!("it does not lie in section {SECTION}")));
    };
    if bytes.is_empty() || bytes.len() % ENTRY != 0 {
        let len = bytes.len();
        return Ok(Err(format!("its {len} bytes are not entries of {ENTRY} bytes each")));
    }
    source.budget.charge(bytes.len() / 2)?;
    let mut places = Vec::with_capacity(bytes.len() / ENTRY);
    for (number, entry) in bytes.chunks_exact(ENTRY).enumerate() {
        let Some(entry) = entry.first_chunk() else { break };
        let byte = source.elf.endian.u64(*entry);
        match place(function, byte) {
            Some(place) => places.push(place),
            None => {
                return Ok(Err(format!(
                    "its entry {number} leads to byte {byte:#x} of section {}, where no instruction \
                     of the function begins",
                    function.section
                )));
            }
        }
    }
    let table = function.jump_tables.len() as u32;
    function.jump_tables.push(JumpTable { name: source.budget.name(symbol.name)?, places });
    Ok(Ok(table))
}

/// The slot of a function that a byte of its section is the first of.
fn place(function: &Function, byte: u64) -> Option<u32> {
    let slot = u32::try_from(byte / Insn::SIZE as u64).ok()?.checked_sub(function.start)?;
    (byte % Insn::SIZE as u64 == 0 && (slot as usize) < function.insns.len()).then_some(slot)
}
