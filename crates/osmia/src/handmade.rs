//! Specs made by hand, for tests.

use indexmap::IndexMap;
use osmia_abi::MapType;
use osmia_btf::Endian;
use osmia_object::{MapRole, MapSpec, ObjectSpec, VariableSpec};

/// An object with nothing in it.
pub(crate) fn object(name: &str) -> ObjectSpec {
    ObjectSpec {
        name: name.to_owned(),
        endian: Endian::host(),
        license: "GPL".to_owned(),
        kernel_version: 0,
        programs: IndexMap::new(),
        maps: IndexMap::new(),
        variables: IndexMap::new(),
        externs: IndexMap::new(),
        functions: Vec::new(),
        btf: None,
    }
}

/// A map with these sizes.
pub(crate) fn map(
    name: &str,
    map_type: MapType,
    [key_size, value_size, max_entries]: [u32; 3],
) -> MapSpec {
    MapSpec { key_size, value_size, max_entries, ..MapSpec::new(name, map_type) }
}

/// A data section with these contents.
pub(crate) fn section(name: &str, role: MapRole, contents: Vec<u8>) -> MapSpec {
    let sizes = [4, contents.len() as u32, 1];
    MapSpec { role, contents: contents.into(), ..map(name, MapType::ARRAY, sizes) }
}

/// A variable at a place in a section.
pub(crate) fn variable(name: &str, map: &str, offset: u32, size: u32) -> VariableSpec {
    VariableSpec {
        name: name.to_owned(),
        map: map.to_owned(),
        offset,
        size,
        ty: None,
        is_static: false,
    }
}

/// An object with a constant and a variable.
pub(crate) fn basic() -> ObjectSpec {
    let mut object = object("basic");
    let constants = [0xff, 0xff, 0xff, 0xff, 50, 0, 0, 0];
    for map in [
        section(".rodata", MapRole::Constants, constants.to_vec()),
        section(".bss", MapRole::Bss, vec![0; 4]),
    ] {
        object.maps.insert(map.name.clone(), map);
    }
    for variable in [
        variable("const_u32", ".rodata", 4, 4),
        variable("global_u16", ".bss", 2, 2),
        variable("outside", ".bss", 2, 4),
        variable("nowhere", ".data", 0, 4),
    ] {
        object.variables.insert(variable.name.clone(), variable);
    }
    object
}
