//! What type the events of a ring buffer or perf array are of.

use osmia_abi::BpfMapInfo;
use osmia_btf::{Btf, TypeId};
use osmia_sys::Bpf;

use crate::failure::Failure;
use crate::select::names::read;
use crate::select::progs;
use crate::type_name;

/// The type of this name in the object of a map: by the map's own BTF, or that of the programs
/// that use it.
///
/// # Errors
/// There is no such type.
pub fn find(bpf: &Bpf, info: &BpfMapInfo, name: &str) -> Result<(Btf, TypeId), Failure> {
    let mut ids = vec![info.btf_id];
    let users = progs::all(bpf)?.into_iter().filter(|prog| prog.map_ids.contains(&info.id));
    ids.extend(users.map(|prog| prog.info.btf_id));
    ids.retain(|id| *id != 0);
    ids.dedup();
    let mut last = None;
    for id in ids {
        let Some(btf) = read(bpf, id) else { continue };
        match type_name::find(&btf, name).map(|ty| ty.id()) {
            Ok(ty) => return Ok((btf, ty)),
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.unwrap_or_else(|| {
        Failure::not_found(format!(
            "no types are known of map {}: its object was compiled without -g, or no program uses it now",
            info.id
        ))
    }))
}
