//! An object's maps.

use osmia_object::{MapRole, MapSpec, ObjectSpec, Pinning};
use serde::Serialize;

use crate::map_flags;
use crate::obj::show::declared;
use crate::report::Page;
use crate::table::Table;

/// A map.
#[derive(Serialize)]
pub struct MapRow<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    map_type: String,
    key: Option<String>,
    key_size: u32,
    value: Option<String>,
    value_size: u32,
    max_entries: u32,
    flags: u32,
    pinned: bool,
    /// Whether it holds variables.
    section: bool,
    /// Why it cannot be loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

/// The maps of an object.
pub fn rows(spec: &ObjectSpec) -> Vec<MapRow<'_>> {
    spec.maps.values().map(|map| row(spec, map)).collect()
}

fn row<'a>(spec: &ObjectSpec, map: &'a MapSpec) -> MapRow<'a> {
    let btf = spec.btf.as_ref();
    let ty = map.map_type;
    MapRow {
        name: &map.name,
        map_type: ty.name().map_or_else(|| ty.to_string(), str::to_owned),
        key: declared(btf, map.key_type, ""),
        key_size: map.key_size,
        value: declared(btf, map.value_type, "").filter(|_| map.role == MapRole::Declared),
        value_size: map.value_size,
        max_entries: map.max_entries,
        flags: map.flags,
        pinned: map.pinning == Pinning::ByName,
        section: map.role != MapRole::Declared,
        problem: problem(map),
    }
}

fn problem(map: &MapSpec) -> Option<&str> {
    map.problem.as_deref().or_else(|| map.inner.as_deref().and_then(problem))
}

/// What is wrong with the maps, below the tables.
pub fn problems(rows: &[MapRow<'_>]) -> String {
    let line = |map: &MapRow<'_>| map.problem.map(|why| format!("map {}: {why}\n", map.name));
    rows.iter().filter_map(line).collect()
}

/// The maps as a table.
pub fn table(rows: &[MapRow<'_>], page: &Page) -> String {
    let heads = ["name", "type", "key", "value", "entries", "flags"];
    let mut table = Table::new(page, &heads).numbers(&[4]);
    for map in rows {
        let part = |ty: &Option<String>, size: u32| match ty {
            Some(ty) => ty.clone(),
            None if size == 0 => String::new(),
            None => format!("{size} bytes"),
        };
        let pinned = if map.pinned { "pinned " } else { "" };
        table.row([
            map.name.to_owned(),
            map.map_type.clone(),
            if map.section { String::new() } else { part(&map.key, map.key_size) },
            part(&map.value, map.value_size),
            map.max_entries.to_string(),
            format!("{pinned}{}", map_flags::names(map.flags)).trim_end().to_owned(),
        ]);
    }
    table.titled("Maps")
}
