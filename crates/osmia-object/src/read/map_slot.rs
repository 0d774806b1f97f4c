//! What C initialisers put into maps of maps and program arrays.

use crate::error::Error;
use crate::map_spec::SlotValue;
use crate::read::elf::{ElfRelocation, Place};
use crate::read::map_definition::{Definition, keep_problem};
use crate::read::target::{Pointee, Targets};

/// The width of a pointer in a BPF object.
const POINTER: u64 = 8;

/// Fills in the initial slots of the definitions.
pub(crate) fn attach(
    definitions: &mut [Definition],
    targets: &Targets<'_>,
    programs: &[Option<String>],
) -> Result<(), Error> {
    for (index, section) in targets.source.elf.sections.iter().enumerate() {
        if section.name != crate::read::map_definition::SECTION {
            continue;
        }
        for relocation in &section.relocations {
            let at = relocation.offset;
            // Sorted by section and offset.
            let behind =
                definitions.partition_point(|map| (map.section, map.offset) <= (index, at));
            let map = behind.checked_sub(1).and_then(|last| definitions.get_mut(last));
            let Some(map) = map.filter(|map| map.section == index && at < map.end) else {
                return Err(section.error(at, "an initial value belongs to no map"));
            };
            let outcome = slot(map, relocation, targets, programs);
            keep_problem(&mut map.spec, outcome)?;
        }
    }
    Ok(())
}

fn slot(
    map: &mut Definition,
    relocation: &ElfRelocation,
    targets: &Targets<'_>,
    programs: &[Option<String>],
) -> Result<(), Error> {
    let error = |problem: &str| Error::Map {
        map: map.spec.name.clone(),
        field: "values".to_owned(),
        problem: problem.to_owned(),
    };
    let start = map.slots.map(|slots| map.offset.saturating_add(slots.into()));
    let byte = start.and_then(|start| relocation.offset.checked_sub(start));
    let byte = byte.ok_or_else(|| error("are the only slots that can have initial values"))?;
    let number = u32::try_from(byte / POINTER).ok().filter(|_| byte % POINTER == 0);
    let number = number.ok_or_else(|| error("have an initial value between two slots"))?;
    let pointee = pointee(relocation, map, targets);
    let value = pointee.and_then(|pointee| value(map, pointee, targets, programs));
    let Some(value) = value else {
        let symbol = targets.source.elf.symbol_title(relocation.symbol);
        let expected = if map.spec.inner.is_some() { "a map" } else { "a program" };
        return Err(error(&format!("have {symbol} in slot {number}, which is not {expected}")));
    };
    let (SlotValue::Map(name) | SlotValue::Program(name)) = &value;
    targets.source.budget.charge(name.len())?;
    map.spec.values.push((number, value));
    Ok(())
}

fn pointee(relocation: &ElfRelocation, map: &Definition, targets: &Targets<'_>) -> Option<Pointee> {
    let elf = &targets.source.elf;
    let symbol = elf.symbols.get(relocation.symbol)?;
    let Place::Section(section) = symbol.place else { return None };
    let stored = || {
        let data = elf.sections.get(map.section)?.data;
        let at = usize::try_from(relocation.offset).ok()?;
        Some(elf.endian.u64(*data.get(at..)?.first_chunk()?))
    };
    let added = match relocation.addend {
        Some(addend) => i128::from(addend),
        None => i128::from(stored()?),
    };
    Some(Pointee { section, offset: i128::from(symbol.value) + added })
}

fn value(
    map: &Definition,
    pointee: Pointee,
    targets: &Targets<'_>,
    programs: &[Option<String>],
) -> Option<SlotValue> {
    if map.spec.inner.is_some() {
        return targets.map_at(pointee).cloned().map(SlotValue::Map);
    }
    let slot = u64::try_from(pointee.offset).ok().filter(|offset| offset % 8 == 0)? / 8;
    let function = targets.code.starting_at(pointee.section, slot)?;
    programs.get(function.0 as usize)?.clone().map(SlotValue::Program)
}
