//! What instructions refer to, in words.

use std::collections::BTreeSet;

use osmia_object::{JumpTable, ObjectSpec, Target};

/// The thing that a relocation refers to, as a listing names it: `map[counts]`,
/// `&const_u32`, `&callback`.
pub fn operand(spec: &ObjectSpec, tables: &[JumpTable], target: &Target) -> String {
    match target {
        Target::Map(name) => format!("map[{name}]"),
        Target::MapValue { map, offset } => format!("&{}", place(spec, map, *offset)),
        Target::Call(id) => function(spec, id.0),
        Target::Address(id) => format!("&{}", function(spec, id.0)),
        Target::JumpTable { table, offset } => jump_table(tables.get(*table as usize), *offset),
        Target::Extern(name) => name.clone(),
        Target::Unresolved { symbol, .. } if symbol.is_empty() => "?".to_owned(),
        Target::Unresolved { symbol, .. } => format!("?{symbol}"),
        _ => "?".to_owned(),
    }
}

fn function(spec: &ObjectSpec, id: u32) -> String {
    spec.functions.get(id as usize).map_or_else(|| format!("#{id}"), |found| found.name.clone())
}

/// A jump table with the labels that it leads to, each once.
fn jump_table(table: Option<&JumpTable>, offset: u32) -> String {
    const SHOWN: usize = 24;
    let Some(table) = table else { return "?".to_owned() };
    let places: BTreeSet<u32> = table.places.iter().copied().collect();
    let mut labels: Vec<String> =
        places.iter().take(SHOWN).map(|place| format!("L{place}")).collect();
    if places.len() > SHOWN {
        labels.push(format!("and {} more", places.len() - SHOWN));
    }
    let behind = if offset == 0 { String::new() } else { format!("+{offset}") };
    format!("jump_table[{}]{behind} <{}>", table.name, labels.join(" "))
}

/// The variable at a place in a data section, or the section and the offset.
fn place(spec: &ObjectSpec, map: &str, offset: u32) -> String {
    let reaches = |start: u32, size: u32| (start..start.saturating_add(size)).contains(&offset);
    let found = spec
        .variables
        .values()
        .find(|variable| variable.map == map && reaches(variable.offset, variable.size.max(1)));
    match found {
        Some(variable) if variable.offset == offset => variable.name.clone(),
        Some(variable) => format!("{}+{}", variable.name, offset - variable.offset),
        None => format!("{map}+{offset}"),
    }
}
