//! What a program's author wrote down in it: constants whose names begin with `bpf_metadata_`.

use std::collections::HashMap;

use osmia_abi::MapType;
use osmia_btf::{Btf, TypeId, value};
use osmia_sys::Bpf;
use serde_json::{Map, Value};

use crate::select::progs::Prog;
use crate::select::{names, text};

const PREFIX: &str = "bpf_metadata_";

/// What stands in which map, each map read once.
#[derive(Debug, Default)]
pub struct Metadata(HashMap<u32, Map<String, Value>>);

impl Metadata {
    /// A program's constants, by what stands behind the prefix; empty if there are none.
    pub fn of(&mut self, bpf: &Bpf, prog: &Prog) -> Map<String, Value> {
        let mut found = Map::new();
        for id in &prog.map_ids {
            let known = self.0.entry(*id).or_insert_with(|| in_map(bpf, *id).unwrap_or_default());
            found.extend(known.clone());
        }
        found
    }
}

fn in_map(bpf: &Bpf, id: u32) -> Option<Map<String, Value>> {
    let map = bpf.map_by_id(id, 0).ok()?;
    let info = bpf.map_info(&map).ok()?;
    let is_constants = info.type_ == MapType::ARRAY
        && info.max_entries == 1
        && info.btf_value_type_id != 0
        && text(&info.name).contains(".rodata");
    if !is_constants {
        return None;
    }
    let btf = names::read(bpf, info.btf_id)?;
    let mut bytes = vec![0; info.value_size as usize];
    bpf.map_lookup(&map, &[0; 4], &mut bytes, 0).ok()?;
    Some(variables(&btf, TypeId(info.btf_value_type_id), &bytes))
}

fn variables(btf: &Btf, section: TypeId, bytes: &[u8]) -> Map<String, Value> {
    let section = btf.ty(section).ok();
    let vars = section.iter().flat_map(osmia_btf::Type::section_vars);
    let known = vars.filter_map(|place| {
        let var = btf.ty(place.var).ok()?;
        let name = var.name().strip_prefix(PREFIX)?;
        let bytes = bytes.get(place.offset as usize..)?;
        let json = value::to_json(btf, var.target()?, bytes).ok()?;
        Some((name.to_owned(), serde_json::from_str(&json).ok()?))
    });
    known.collect()
}
