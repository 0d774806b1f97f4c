//! `.struct_ops*`: tables of callbacks, one map per variable.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use object::elf::STT_OBJECT;
use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_LINK;

use crate::error::Error;
use crate::map_spec::{MapRole, MapSpec};
use crate::read::elf::Place;
use crate::read::source::Source;
use crate::read::typed_section::TypedSection;

/// A table, and where it is.
pub(crate) struct Table {
    pub spec: MapSpec,
    pub section: usize,
    pub offset: u64,
}

/// Reads all tables.
pub(crate) fn read(source: &Source<'_>) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::new();
    let mut typed = HashMap::new();
    for (index, symbol) in source.elf.symbols.iter().enumerate() {
        let Place::Section(at) = symbol.place else { continue };
        let section = source.elf.section(at)?;
        let Some(link) = kind(section.name) else { continue };
        if symbol.kind != STT_OBJECT || symbol.name.is_empty() {
            continue;
        }
        let end = symbol.value.checked_add(symbol.size);
        let bytes = end.and_then(|end| section.data.get(symbol.value as usize..end as usize));
        let Some(bytes) = bytes.filter(|bytes| u32::try_from(bytes.len()).is_ok()) else {
            return Err(source.elf.symbol_error(index, "the table does not lie in its section"));
        };
        let mut spec = MapSpec::new(source.budget.name(symbol.name)?, MapType::STRUCT_OPS);
        spec.role = MapRole::StructOps;
        spec.key_size = 4;
        spec.value_size = bytes.len() as u32;
        spec.max_entries = 1;
        spec.autocreate = !section.name.starts_with('?');
        spec.flags = if link { BPF_F_LINK } else { 0 };
        spec.contents = source.share(bytes);
        let typed = match typed.entry(at) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(TypedSection::find(source, section.name)?),
        };
        spec.value_type = typed.type_of(symbol.name, symbol.value);
        tables.push(Table { spec, section: at, offset: symbol.value });
    }
    Ok(tables)
}

/// Whether a section holds tables, and whether these are attached by a link.
fn kind(section: &str) -> Option<bool> {
    match section.strip_prefix('?').unwrap_or(section) {
        ".struct_ops" => Some(false),
        ".struct_ops.link" => Some(true),
        _ => None,
    }
}
