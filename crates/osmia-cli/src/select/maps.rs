//! Maps of the kernel.

use osmia_abi::BpfMapInfo;
use osmia_abi::flags::BPF_OBJ_NAME_LEN;
use osmia_sys::{Bpf, Errno, FdKind, IdKind, MapFd};

use crate::failure::Failure;
use crate::select::names::Names;
use crate::select::{each_id, not_by_id, pinned, text};
use crate::selector::Selector;
use osmia_btf::near::nearest;

/// An open map, and what the kernel tells of it.
#[derive(Debug)]
pub struct OpenMap {
    /// The map.
    pub fd: MapFd,
    /// What the kernel tells of it.
    pub info: BpfMapInfo,
}

impl OpenMap {
    fn by_id(bpf: &Bpf, id: u32) -> Result<Self, Errno> {
        let (fd, info) = bpf.map_and_info_by_id(id, 0)?;
        Ok(Self { fd, info })
    }

    fn ask(bpf: &Bpf, fd: MapFd) -> Result<Self, Errno> {
        let info = bpf.map_info(&fd)?;
        Ok(Self { fd, info })
    }

    /// Its name: at most 15 bytes.
    pub fn name(&self) -> String {
        text(&self.info.name)
    }

    /// Whether it is called so, by the 15 bytes or, as far as anybody can tell, by the whole name.
    fn has_name(&self, bpf: &Bpf, names: &mut Names, name: &str) -> bool {
        let short = self.name();
        if short == name {
            return true;
        }
        short.len() == BPF_OBJ_NAME_LEN - 1
            && name.starts_with(&short)
            && names.of_map(bpf, self).is_none_or(|whole| whole == name)
    }
}

/// All maps, in the order of their ids.
///
/// # Errors
/// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
pub fn all(bpf: &Bpf) -> Result<Vec<OpenMap>, Failure> {
    let mut maps = Vec::new();
    each_id(bpf, IdKind::Map, "map", |id| {
        maps.push(OpenMap::by_id(bpf, id)?);
        Ok(())
    })?;
    Ok(maps)
}

/// The maps that are meant: at least one.
///
/// # Errors
/// There is none, or the kernel does not tell.
pub fn several(bpf: &Bpf, selector: &Selector) -> Result<Vec<OpenMap>, Failure> {
    let asked = |errno| not_by_id(selector, "map", errno);
    match selector {
        Selector::Id(id) => Ok(vec![OpenMap::by_id(bpf, *id).map_err(asked)?]),
        Selector::Pinned(path) => {
            let fd = MapFd::new(bpf, pinned(bpf, FdKind::Map, path)?).map_err(asked)?;
            Ok(vec![OpenMap::ask(bpf, fd).map_err(asked)?])
        }
        Selector::Name(name) => {
            let all = all(bpf)?;
            let known: Vec<String> = all.iter().map(OpenMap::name).collect();
            let mut names = Names::default();
            let found: Vec<OpenMap> =
                all.into_iter().filter(|map| map.has_name(bpf, &mut names, name)).collect();
            if found.is_empty() {
                let none = selector.none("map");
                return Err(match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => none.with_hint(&format!("did you mean {near}?")),
                    None => none,
                });
            }
            Ok(found)
        }
        Selector::Tag(_) => Err(Failure::usage("maps have no tags: use id, name or pinned")),
    }
}

/// The one map that is meant.
///
/// # Errors
/// There is none, or there are several.
pub fn one(bpf: &Bpf, selector: &Selector) -> Result<OpenMap, Failure> {
    let mut found = several(bpf, selector)?;
    match (found.pop(), found.is_empty()) {
        (Some(map), true) => Ok(map),
        (Some(last), false) => {
            let ids: Vec<u32> = found.iter().chain([&last]).map(|map| map.info.id).collect();
            Err(selector.several("map", &ids))
        }
        (None, _) => Err(selector.none("map")),
    }
}
