//! Maps: every way of writing one down.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_abi::MapType;
use osmia_object::{MapRole, MapSpec, ObjectSpec, Pinning, SlotValue};

fn map<'a>(spec: &'a ObjectSpec, name: &str) -> &'a MapSpec {
    spec.maps.get(name).unwrap_or_else(|| panic!("no map {name}"))
}

fn shape(map: &MapSpec) -> (MapType, u32, u32, u32) {
    (map.map_type, map.key_size, map.value_size, map.max_entries)
}

#[test]
fn every_field_of_a_definition_counts() {
    compilers::each("maps", |label, spec| {
        let typed = map(spec, "typed");
        assert_eq!(shape(typed), (MapType::HASH, 8, 24, 100), "{label}");
        assert_eq!((typed.flags, typed.numa_node), (1 | 4, Some(0)), "{label}");
        let btf = spec.btf.as_ref().unwrap();
        let name = |id| btf.ty(id).unwrap().name();
        assert_eq!(typed.key_type.map(name), Some("key"), "{label}");
        assert_eq!(typed.value_type.map(name), Some("value"), "{label}");
        assert_eq!(typed.role, MapRole::Declared);

        let sized = map(spec, "sized");
        assert_eq!(shape(sized), (MapType::PERCPU_ARRAY, 4, 24, 1), "{label}");
        assert_eq!((sized.key_type, sized.value_type), (None, None), "{label}");

        let pinned = map(spec, "pinned");
        assert_eq!(shape(pinned), (MapType::LRU_HASH, 8, 8, 7), "{label}");
        assert_eq!(pinned.pinning, Pinning::ByName, "{label}");
        assert_eq!(pinned.key_type.map(name), Some("key"), "{label}");

        assert_eq!(shape(map(spec, "ring")), (MapType::RINGBUF, 0, 0, 4096), "{label}");
        assert_eq!(map(spec, "bloom").map_extra, 3, "{label}");
        // Before clang 15 types had no room for such a value.
        let extra = if label.contains("clang-14") { 0 } else { 0x1_0000_0000 };
        assert_eq!(map(spec, "extra").map_extra, extra, "{label}");
        assert_eq!(shape(map(spec, "named")), (MapType::QUEUE, 0, 8, 2), "{label}");
        assert_eq!(shape(map(spec, "hidden")), (MapType::STACK, 0, 4, 9), "{label}");
    });
}

#[test]
fn what_nobody_knows_is_kept() {
    compilers::each("maps", |label, spec| {
        let strange = map(spec, "strange");
        assert_eq!(strange.map_type, MapType(12345), "{label}");
        assert_eq!(strange.pinning, Pinning::Unknown(100), "{label}");
        assert_eq!(strange.unknown_fields, ["colour"], "{label}");
    });
}

#[test]
fn inner_maps_and_initial_slots_are_read() {
    compilers::each("maps", |label, spec| {
        let outer = map(spec, "outer");
        assert_eq!(shape(outer), (MapType::ARRAY_OF_MAPS, 4, 4, 4), "{label}");
        let inner = outer.inner.as_ref().unwrap();
        assert_eq!(inner.name, "outer.inner");
        assert_eq!(shape(inner), (MapType::ARRAY, 4, 8, 3), "{label}");
        let slot = |name: &str| SlotValue::Map(name.to_owned());
        assert_eq!(outer.values, [(0, slot("inner_one")), (2, slot("inner_two"))], "{label}");

        let template = map(spec, "template");
        let inner = template.inner.as_ref().unwrap();
        assert_eq!(shape(inner), (MapType::HASH, 2, 1, 5), "{label}");
        assert!(template.values.is_empty(), "{label}");

        let tails = map(spec, "tails");
        assert_eq!(shape(tails), (MapType::PROG_ARRAY, 4, 4, 3), "{label}");
        let slot = |name: &str| SlotValue::Program(name.to_owned());
        assert_eq!(tails.values, [(1, slot("tail_two")), (2, slot("tail_one"))], "{label}");
    });
}

#[test]
fn maps_keep_the_order_of_the_file() {
    compilers::each("maps", |label, spec| {
        // The compiler puts those that are used before the others.
        let expected = ["inner_one", "outer", "typed", "sized", "pinned", "ring", "strange"];
        let place = |name: &&str| spec.maps.get_index_of(*name).unwrap();
        assert!(expected.is_sorted_by_key(place), "{label}: {:?}", spec.maps.keys());
    });
}

#[test]
fn maps_of_older_dialects_are_read() {
    compilers::each("legacy", |label, spec| {
        let plain = map(spec, "plain");
        assert_eq!(shape(plain), (MapType::HASH, 4, 8, 10), "{label}");
        assert_eq!((plain.flags, plain.pinning), (1, Pinning::None), "{label}");
        assert_eq!(shape(map(spec, "second")), (MapType::ARRAY, 4, 16, 1), "{label}");
        let shared = map(spec, "shared");
        assert_eq!(shape(shared), (MapType::ARRAY, 4, 4, 2), "{label}");
        assert_eq!(shared.pinning, Pinning::ByName, "{label}");
        let global = map(spec, "global");
        assert_eq!(global.pinning, Pinning::Unknown(2), "{label}");
        assert_eq!(global.unknown_fields, ["inner_id"], "{label}");
        let linked = spec.link("uses").unwrap();
        let maps: Vec<_> = linked.relocations.iter().map(|r| r.target.clone()).collect();
        let expected = ["plain", "second", "shared", "global"];
        assert_eq!(maps, expected.map(|name| osmia_object::Target::Map(name.into())), "{label}");
    });
}
