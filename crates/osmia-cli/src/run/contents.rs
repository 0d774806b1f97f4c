//! What is in maps and variables at the end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use osmia::Map;
use osmia_abi::MapType;
use osmia_object::{MapRole, MapSpec};

use crate::failure::Failure;
use crate::run::happening::{Entry, EntryValue, MapContents};
use crate::run::part::Part;
use crate::value::Value;

/// The maps that an object's C declares and that hold values, with their entries. Those that were
/// seen are left out: objects can share maps.
///
/// # Errors
/// A map cannot be read.
pub fn maps<'a>(part: &'a Part, seen: &mut Vec<u32>) -> Result<Vec<MapContents<'a>>, Failure> {
    let is_shown = |map: &&MapSpec| map.role == MapRole::Declared && has_values(map.map_type);
    let mut shown = Vec::new();
    for spec in part.spec.maps.values().filter(is_shown) {
        let map = part.object.map(&spec.name)?;
        let id = map.info()?.id;
        if !seen.contains(&id) {
            seen.push(id);
            shown.push(contents(map, spec, part)?);
        }
    }
    Ok(shown)
}

/// Whether the entries of such maps are values that can be walked, rather than programs, maps,
/// sockets or events.
fn has_values(ty: MapType) -> bool {
    matches!(
        ty,
        MapType::HASH
            | MapType::ARRAY
            | MapType::PERCPU_HASH
            | MapType::PERCPU_ARRAY
            | MapType::LRU_HASH
            | MapType::LRU_PERCPU_HASH
            | MapType::LPM_TRIE
    )
}

fn contents<'a>(map: &Map, spec: &'a MapSpec, part: &'a Part) -> Result<MapContents<'a>, Failure> {
    let is_array = matches!(spec.map_type, MapType::ARRAY | MapType::PERCPU_ARRAY);
    let btf = part.spec.btf.as_ref();
    let mut entries = Vec::new();
    let mut walk = map.entries();
    while let Some((key, value)) = walk.next_entry()? {
        // Of an array all elements are there from the beginning; most say nothing.
        if is_array && value.iter().all(|&byte| byte == 0) {
            continue;
        }
        let key = Some(Value::new(btf, spec.key_type, key.to_vec()));
        let part = |bytes: &[u8]| Value::new(btf, spec.value_type, bytes.to_vec());
        let size = map.value_size().max(1);
        let value = if value.len() == map.value_size() && !is_per_cpu(spec.map_type) {
            EntryValue::Value(part(value))
        } else {
            // Each CPU's value is padded to a multiple of 8.
            let values = value.chunks(size.next_multiple_of(8));
            EntryValue::PerCpu(
                values.map(|bytes| part(bytes.get(..size).unwrap_or(bytes))).collect(),
            )
        };
        entries.push(Entry { key, value });
    }
    let ty = spec.map_type;
    Ok(MapContents {
        object: part.label(),
        name: &spec.name,
        map_type: ty.name().map_or_else(|| ty.to_string(), str::to_owned),
        count: entries.len(),
        zeros_left_out: is_array,
        entries,
    })
}

fn is_per_cpu(ty: MapType) -> bool {
    matches!(ty, MapType::PERCPU_HASH | MapType::PERCPU_ARRAY | MapType::LRU_PERCPU_HASH)
}

/// The variables that programs can change, with their values.
///
/// # Errors
/// A section cannot be read.
pub fn variables(parts: &[Part]) -> Result<BTreeMap<Cow<'_, str>, Value<'_>>, Failure> {
    let mut values = BTreeMap::new();
    for part in parts {
        for (name, place) in &part.spec.variables {
            let variable = part.object.variable(name)?;
            // Names with a dot are of variables inside of functions, those with `unused` keep types.
            if !variable.is_constant() && !name.contains("unused") {
                let value = Value::new(part.spec.btf.as_ref(), place.ty, variable.read()?);
                values.insert(part.named(name), value);
            }
        }
    }
    Ok(values)
}
