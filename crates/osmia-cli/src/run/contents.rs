//! What is in maps and variables at the end.

use std::collections::BTreeMap;

use osmia::{Map, Object};
use osmia_abi::MapType;
use osmia_object::{MapRole, MapSpec, ObjectSpec};

use crate::failure::Failure;
use crate::run::happening::{Entry, EntryValue, MapContents};
use crate::value::Value;

/// The maps that the C declares and that hold values, with their entries.
///
/// # Errors
/// A map cannot be read.
pub fn maps<'a>(object: &Object, spec: &'a ObjectSpec) -> Result<Vec<MapContents<'a>>, Failure> {
    let shown =
        spec.maps.values().filter(|map| map.role == MapRole::Declared && has_values(map.map_type));
    shown.map(|map| contents(object.map(&map.name)?, map, spec)).collect()
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

fn contents<'a>(
    map: &Map,
    spec: &'a MapSpec,
    object: &'a ObjectSpec,
) -> Result<MapContents<'a>, Failure> {
    let is_array = matches!(spec.map_type, MapType::ARRAY | MapType::PERCPU_ARRAY);
    let btf = object.btf.as_ref();
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
pub fn variables<'a>(
    object: &Object,
    spec: &'a ObjectSpec,
) -> Result<BTreeMap<&'a str, Value<'a>>, Failure> {
    let mut values = BTreeMap::new();
    for (name, place) in &spec.variables {
        let variable = object.variable(name)?;
        // Names with a dot are of variables inside of functions, those with `unused` keep types.
        if !variable.is_constant() && !name.contains("unused") {
            values.insert(name.as_str(), Value::new(spec.btf.as_ref(), place.ty, variable.read()?));
        }
    }
    Ok(values)
}
