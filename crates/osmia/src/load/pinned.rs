//! Maps that are shared by pins.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_RDONLY_PROG;
use osmia_object::{MapSpec, Pinning};

use crate::error::kind::ErrorKind;
use crate::error::{Attempt as _, Error};
use crate::kernel::Kernel;
use crate::load::map::ring_size;
use crate::map::Map;
use crate::pin;

/// Where a map's pin is, if it has one.
pub(super) fn path(spec: &MapSpec, directory: &Path) -> Option<PathBuf> {
    (spec.pinning == Pinning::ByName).then(|| directory.join(&spec.name))
}

/// The map that is pinned at `path`, if one is, and if it is like the spec.
pub(super) fn reuse(kernel: &Kernel, spec: &MapSpec, path: &Path) -> Result<Option<Map>, Error> {
    let map = match Map::from_pin(kernel, path) {
        Ok(map) => map,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let differences = differences(spec, &map);
    if differences.is_empty() {
        return Ok(Some(map.renamed(&spec.name)));
    }
    Err(Error::new(
        ErrorKind::Exists,
        format!(
            "another map is pinned at {}: {}. Remove that pin, or change the definition",
            path.display(),
            differences.join(", ")
        ),
    ))
}

/// In what a map that is there is not what the object wants.
pub(super) fn differences(spec: &MapSpec, map: &Map) -> Vec<String> {
    let shape = map.shape();
    let mut found = Vec::new();
    if shape.map_type != spec.map_type {
        found.push(format!("its type is {}, not {}", shape.map_type, spec.map_type));
    }
    let mut number = |what: &str, is: u64, wanted: u64| {
        if is != wanted {
            found.push(format!("its {what} is {is}, not {wanted}"));
        }
    };
    number("key size", shape.key_size as u64, spec.key_size.into());
    number("value size", shape.value_size as u64, spec.value_size.into());
    // Where loading decides on the size, any does.
    let size = match spec.map_type {
        _ if spec.max_entries == 0 => shape.max_entries,
        MapType::RINGBUF | MapType::USER_RINGBUF => {
            ring_size(spec.max_entries).unwrap_or(spec.max_entries)
        }
        _ => spec.max_entries,
    };
    number("max_entries", shape.max_entries.into(), size.into());
    // Kernels add this one to all maps of devices.
    let added = match spec.map_type {
        MapType::DEVMAP | MapType::DEVMAP_HASH => BPF_F_RDONLY_PROG,
        _ => 0,
    };
    let flags = shape.flags & !(added & !spec.flags);
    if flags != spec.flags {
        found.push(format!("its flags are {flags:#x}, not {:#x}", spec.flags));
    }
    // Only few types have it, and telling takes a call.
    if matches!(spec.map_type, MapType::BLOOM_FILTER | MapType::ARENA) {
        let extra = map.info().map_or(spec.map_extra, |info| info.map_extra);
        if extra != spec.map_extra {
            found.push(format!("its map_extra is {extra:#x}, not {:#x}", spec.map_extra));
        }
    }
    found
}

/// The pins that are to be made when all else has succeeded.
#[derive(Debug, Default)]
pub(super) struct Pins {
    wanted: Vec<(String, PathBuf)>,
    made: Vec<PathBuf>,
}

impl Pins {
    pub(super) fn add(&mut self, map: &str, path: PathBuf) {
        self.wanted.push((map.to_owned(), path));
    }

    /// Pins all or none.
    pub(super) fn pin(mut self, maps: &IndexMap<String, Map>) -> Result<(), Error> {
        for (name, path) in std::mem::take(&mut self.wanted) {
            let Some(map) = maps.get(&name) else { continue };
            map.pin(&path).attempt(|| format!("share map `{name}`"))?;
            self.made.push(path);
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for Pins {
    /// Takes back what was pinned before something failed.
    fn drop(&mut self) {
        for path in &self.made {
            // The failure that led here is what the caller hears of.
            let _ = pin::unpin(path);
        }
    }
}
