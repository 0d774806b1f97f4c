//! References: which function, map, byte or extern an instruction means.

use std::collections::HashMap;

use osmia_insn::{Insn, Opcode};

use crate::error::Error;
use crate::function::{Function, Relocation, Target};
use crate::read::arena;
use crate::read::code::Code;
use crate::read::elf::{ElfRelocation, Place, Section};
use crate::read::jump_table::JumpTables;
use crate::read::legacy_map::is_legacy;
use crate::read::order;
use crate::read::source::Source;

/// What there is to refer to.
pub(crate) struct Targets<'a> {
    pub source: &'a Source<'a>,
    pub code: &'a Code,
    /// Maps by the place of their definition.
    pub maps: HashMap<(usize, u64), String>,
    /// The maps of data sections, by the section's number.
    pub data: Vec<Option<String>>,
}

/// A symbol's place with what is to be added to it.
#[derive(Clone, Copy)]
pub(crate) struct Pointee {
    pub section: usize,
    pub offset: i128,
}

impl Targets<'_> {
    /// Notes the map that has a section's bytes.
    pub fn hold(&mut self, section: usize, map: String) {
        if let Some(place) = self.data.get_mut(section) {
            *place = Some(map);
        }
    }

    /// Resolves the references of all functions.
    pub fn attach(&self, functions: &mut [Function]) -> Result<(), Error> {
        let mut tables = JumpTables::default();
        for (index, section) in self.source.elf.sections.iter().enumerate() {
            if !section.is_code() {
                continue;
            }
            for relocation in &section.relocations {
                let slot = slot(section, relocation)?;
                for (id, at) in self.code.containing(index, slot) {
                    let Some(function) = functions.get_mut(id.0 as usize) else { continue };
                    let target = match tables.target(self.source, id, function, at, relocation)? {
                        Some(target) => target,
                        None => self.resolve(function, at, relocation)?,
                    };
                    function.relocations.push(Relocation { at, target });
                }
            }
        }
        for (index, _) in self.source.elf.sections.iter().enumerate() {
            self.attach_direct(index, functions)?;
        }
        for function in functions {
            order::put(&mut function.relocations, |relocation| relocation.at);
        }
        Ok(())
    }

    /// Finds calls that need no relocation, as both ends are in the same section.
    fn attach_direct(&self, section: usize, functions: &mut [Function]) -> Result<(), Error> {
        for id in self.code.ids(section) {
            let Some(function) = functions.get_mut(id.0 as usize) else { continue };
            let known =
                |at| function.relocations.binary_search_by_key(&at, |known| known.at).is_ok();
            let mut found = Vec::new();
            for (at, insn) in (0..).zip(&function.insns) {
                if !(insn.is_pseudo_call() || insn.is_func_ref()) || known(at) {
                    continue;
                }
                let slot = i128::from(function.start) + i128::from(at) + 1 + i128::from(insn.imm);
                let target = self.function(section, slot, insn.is_call(), "")?;
                found.push(Relocation { at, target });
            }
            function.relocations.extend(found);
        }
        Ok(())
    }

    fn resolve(
        &self,
        function: &Function,
        at: u32,
        relocation: &ElfRelocation,
    ) -> Result<Target, Error> {
        let insn = function.insns.get(at as usize).copied().unwrap_or_default();
        let symbol = self.source.elf.symbol_title(relocation.symbol);
        let unresolved = |reason: String| self.unresolved(&symbol, reason);
        if !insn.is_wide() && insn.code != Opcode::CALL {
            return unresolved(format!(
                "the instruction with opcode {:#04x} cannot refer to it",
                insn.code.0
            ));
        }
        let Some(found) = self.source.elf.symbols.get(relocation.symbol) else {
            return unresolved("there is no such symbol".to_owned());
        };
        if found.is_extern() {
            return Ok(Target::Extern(self.source.budget.name(found.name)?));
        }
        let section = match found.place {
            Place::Section(section) => section,
            Place::Common => {
                return unresolved(
                    "it is in no section: give it an initial value, or compile with -fno-common"
                        .to_owned(),
                );
            }
            Place::Undefined | Place::Absolute => {
                return unresolved("it is in no section".to_owned());
            }
        };
        let added = if insn.is_call() {
            // A call holds the distance less one, in slots.
            relocation.addend.map_or((i128::from(insn.imm) + 1) * 8, i128::from)
        } else {
            relocation.addend.map_or(i128::from(insn.imm), i128::from)
        };
        let pointee = Pointee { section, offset: i128::from(found.value) + added };
        self.place(pointee, insn, &symbol)
    }

    fn place(&self, pointee: Pointee, insn: Insn, symbol: &str) -> Result<Target, Error> {
        let section = self.source.elf.section(pointee.section)?;
        if section.is_code() {
            if pointee.offset % 8 != 0 {
                let reason = "it does not lead to a whole instruction".to_owned();
                return self.unresolved(symbol, reason);
            }
            return self.function(pointee.section, pointee.offset / 8, insn.is_call(), symbol);
        }
        if insn.is_call() {
            return self.unresolved(symbol, format!("there is no code in {}", section.name));
        }
        if let Some(Some(map)) = self.data.get(pointee.section) {
            if let Ok(offset) = u32::try_from(pointee.offset) {
                return Ok(Target::MapValue { map: self.source.budget.name(map)?, offset });
            }
            return self.unresolved(symbol, format!("nothing is at {} bytes", pointee.offset));
        }
        if let Some(map) = self.map_at(pointee) {
            return Ok(Target::Map(self.source.budget.name(map)?));
        }
        self.unresolved(symbol, no_use(section))
    }

    /// The map that is defined at a place.
    pub fn map_at(&self, pointee: Pointee) -> Option<&String> {
        self.maps.get(&(pointee.section, u64::try_from(pointee.offset).ok()?))
    }

    /// A reference to the function at a slot.
    fn function(
        &self,
        section: usize,
        slot: i128,
        call: bool,
        symbol: &str,
    ) -> Result<Target, Error> {
        let found = u64::try_from(slot).ok().and_then(|slot| self.code.starting_at(section, slot));
        match found {
            Some(id) if call => Ok(Target::Call(id)),
            Some(id) => Ok(Target::Address(id)),
            None => {
                let section = self.source.elf.section(section)?.name;
                let reason = format!("no function begins at instruction {slot} of {section}");
                self.unresolved(symbol, reason)
            }
        }
    }

    fn unresolved(&self, symbol: &str, reason: String) -> Result<Target, Error> {
        self.source.budget.charge(reason.len())?;
        Ok(Target::Unresolved { symbol: self.source.budget.name(symbol)?, reason })
    }
}

fn slot(section: &Section<'_>, relocation: &ElfRelocation) -> Result<u32, Error> {
    let inside = relocation.offset % 8 == 0 && relocation.offset < section.data.len() as u64;
    u32::try_from(relocation.offset / 8).ok().filter(|_| inside).ok_or_else(|| {
        let problem = "a relocation is not for an instruction of the section";
        section.error(relocation.offset, problem)
    })
}

fn no_use(section: &Section<'_>) -> String {
    match section.name {
        ".maps" => "no map is defined there".to_owned(),
        _ if is_legacy(section) => "no map is defined there".to_owned(),
        arena::SECTION => {
            "the object does not have one arena (BPF_MAP_TYPE_ARENA) for it".to_owned()
        }
        name if section.size == 0 => format!("section {name} is empty"),
        name => format!("section {name} is neither code, nor maps, nor data"),
    }
}
