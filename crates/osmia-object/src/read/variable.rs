//! Global variables, from the symbols in data sections.

use indexmap::IndexMap;
use object::elf::STT_OBJECT;
use osmia_btf::{Kind, Linkage, TypeId};

use crate::error::Error;
use crate::map_spec::MapSpec;
use crate::read::elf::Place;
use crate::read::source::{Source, types};
use crate::read::typed_section::TypedSection;
use crate::read::unique::Unique;
use crate::variable_spec::VariableSpec;

/// Reads all variables; `data` tells the map of each data section.
pub(crate) fn read(
    source: &Source<'_>,
    data: &[Option<String>],
    maps: &IndexMap<String, MapSpec>,
) -> Result<IndexMap<String, VariableSpec>, Error> {
    let mut sections = Vec::with_capacity(data.len());
    for (section, map) in source.elf.sections.iter().zip(data) {
        let typed = map.as_ref().map(|map| Ok((map, TypedSection::find(source, section.name)?)));
        sections.push(typed.transpose()?);
    }
    let mut found = Vec::new();
    for (index, symbol) in source.elf.symbols.iter().enumerate() {
        let Place::Section(section) = symbol.place else { continue };
        let Some(Some((map, typed))) = sections.get(section) else { continue };
        if symbol.kind != STT_OBJECT || symbol.name.is_empty() || symbol.size == 0 {
            continue;
        }
        let room = maps.get(map.as_str()).map_or(0, MapSpec::room);
        let end = symbol.value.checked_add(symbol.size);
        if end.is_none_or(|end| end > room.into()) {
            return Err(source.elf.symbol_error(index, "the variable does not lie in its section"));
        }
        found.push(VariableSpec {
            name: source.budget.name(symbol.name)?,
            map: source.budget.name(map)?,
            offset: symbol.value as u32,
            size: symbol.size as u32,
            ty: match typed.type_of(symbol.name, symbol.value) {
                None if !symbol.is_local() => global_type(source, symbol.name)?,
                found => found,
            },
            is_static: symbol.is_local() || symbol.hidden,
        });
    }
    by_name(source, found)
}

/// The type of the global variable with this name, whatever section the types put it in:
/// clang says `.data` of some that are zero, and puts them in `.bss`.
fn global_type(source: &Source<'_>, name: &str) -> Result<Option<TypeId>, Error> {
    let Some(btf) = &source.btf else { return Ok(None) };
    let found = btf.find(Kind::Var, name).map_err(types)?;
    Ok(found.filter(|var| var.linkage() == Some(Linkage::Global)).and_then(|var| var.target()))
}

/// Orders the variables by map and offset; of those that share a name a global one keeps it.
fn by_name(
    source: &Source<'_>,
    mut found: Vec<VariableSpec>,
) -> Result<IndexMap<String, VariableSpec>, Error> {
    found.sort_by(|a, b| a.is_static.cmp(&b.is_static).then(a.offset.cmp(&b.offset)));
    let mut unique = Unique::default();
    let mut variables = IndexMap::with_capacity(found.len());
    for mut variable in found {
        variable.name = unique.name(variable.name, &variables);
        let key = source.budget.name(&variable.name)?;
        variables.insert(key, variable);
    }
    variables.sort_by(|_, a, _, b| a.map.cmp(&b.map).then(a.offset.cmp(&b.offset)));
    Ok(variables)
}
