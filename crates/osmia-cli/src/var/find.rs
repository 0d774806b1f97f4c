//! Variables in maps of the kernel.

use std::collections::HashMap;

use osmia::{Kernel, Map};
use osmia_abi::MapType;
use osmia_btf::{Btf, Kind, SectionVar, Type, TypeId};
use osmia_sys::Bpf;

use crate::failure::Failure;
use crate::select::names::read;
use crate::select::{maps, progs};
use crate::selector::Selector;
use crate::var::arena::in_arena;
use crate::words::Words;

/// A variable of a loaded object.
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its type, in `btf`.
    pub ty: TypeId,
    /// The object's types.
    pub btf: Btf,
    /// The map that holds it.
    pub map: Map,
    /// That map's id.
    pub map_id: u32,
    /// Where in the map's value it begins.
    pub offset: usize,
    /// How many bytes it has.
    pub size: usize,
}

/// The variables of the program or map that the next words say, or of all.
///
/// # Errors
/// There is no such program or map, or the kernel does not tell.
pub fn find(kernel: &Kernel, words: &mut Words<'_>) -> Result<Vec<Found>, Failure> {
    let bpf = kernel.bpf();
    let is_chosen = !words.is_empty();
    let maps = chosen(bpf, words)?;
    words.end()?;
    let mut types: HashMap<u32, Option<Btf>> = HashMap::new();
    let mut found = Vec::new();
    for open in maps {
        let info = open.info;
        if info.type_ == MapType::ARENA {
            found.extend(in_arena(kernel, &open, is_chosen)?);
            continue;
        }
        if info.type_ != MapType::ARRAY || info.btf_value_type_id == 0 || info.max_entries != 1 {
            continue;
        }
        let btf = types.entry(info.btf_id).or_insert_with(|| read(bpf, info.btf_id));
        let Some(btf) = btf else { continue };
        let Ok(section) = btf.ty(TypeId(info.btf_value_type_id)) else { continue };
        if section.kind() != Kind::DataSec {
            continue;
        }
        let map = Map::from_fd(kernel, open.fd.into_fd())?;
        found.extend(of_section(btf, &section, &map, info.id));
    }
    Ok(found)
}

/// The variables of a data section in the map that holds it.
pub(super) fn of_section(btf: &Btf, section: &Type<'_>, map: &Map, map_id: u32) -> Vec<Found> {
    let variable = |place: SectionVar| {
        let variable = btf.ty(place.var).ok()?;
        Some(Found {
            name: variable.name().to_owned(),
            ty: variable.target()?,
            btf: btf.clone(),
            map: map.clone(),
            map_id,
            offset: place.offset as usize,
            size: place.size as usize,
        })
    };
    section.section_vars().filter_map(variable).collect()
}

fn chosen(bpf: &Bpf, words: &mut Words<'_>) -> Result<Vec<maps::OpenMap>, Failure> {
    if words.is_empty() {
        return maps::all(bpf);
    }
    match words.keyword(&["prog", "map"])? {
        "map" => maps::several(bpf, &Selector::read(words)?),
        _ => {
            let prog = progs::one(bpf, &Selector::read(words)?)?;
            let open = |id: &u32| maps::one(bpf, &Selector::Id(*id));
            prog.map_ids.iter().map(open).collect()
        }
    }
}
