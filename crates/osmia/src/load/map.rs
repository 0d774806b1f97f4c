//! Creating maps.

use std::os::fd::{AsFd, BorrowedFd};

use osmia_abi::flags::BPF_F_MMAPABLE;
use osmia_abi::{MapType, ProgType};
use osmia_btf::TypeId;
use osmia_object::MapSpec;
use osmia_sys::{ENOTSUPP, Errno, MapCreate, MapFd, ObjName};

use crate::error::{Attempt as _, Error};
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::load::inner_maps::InnerMaps;
use crate::load::map_refusal::refused;
use crate::load::pinned::Pins;
use crate::load::{Load, contents, pinned};
use crate::map::Map;
use crate::map::kernel_map::KernelMap;

/// What may be left out where the kernel does not know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extras {
    naming: Naming,
    mmapable: bool,
    types: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Whole,
    WithoutDots,
    None,
}

impl Load<'_> {
    /// The map of a spec: found at its pin, or created and filled.
    pub(super) fn map(&self, spec: &MapSpec, pins: &mut Pins) -> Result<Map, Error> {
        let attempt = || format!("map `{}`", spec.name);
        let Some(inner) = &spec.inner else { return self.map_like(spec, None, pins) };
        let (pattern, extras) = self.create(inner, None).attempt(attempt)?;
        let map = self.map_like(spec, Some(&pattern), pins)?;
        let types = if extras.types { self.btf().shared() } else { None };
        let (kernel, spec) = (self.kernel.clone(), MapSpec::clone(inner));
        Ok(map.with_inner(InnerMaps { kernel, spec, extras, types }))
    }

    /// The same, where the pattern of inner maps is there already.
    fn map_like(
        &self,
        spec: &MapSpec,
        pattern: Option<&Map>,
        pins: &mut Pins,
    ) -> Result<Map, Error> {
        let attempt = || format!("map `{}`", spec.name);
        if let Some(map) = self.reused.get(&spec.name) {
            return Ok(map.clone());
        }
        if let Some(path) = pinned::path(spec, self.pin_directory) {
            if let Some(map) = pinned::reuse(self.kernel, spec, &path).attempt(attempt)? {
                return Ok(map);
            }
            pins.add(&spec.name, path);
        }
        let (map, _) = self.create(spec, pattern).attempt(attempt)?;
        if spec.role.is_data_section() {
            contents::fill(self.kernel, spec, &map).attempt(attempt)?;
        } else if spec.map_type == MapType::ARENA {
            contents::fill_arena(spec, &map).attempt(attempt)?;
        }
        Ok(map)
    }

    /// Creates a map; and what was left out for this kernel.
    pub(super) fn create(
        &self,
        spec: &MapSpec,
        inner: Option<&Map>,
    ) -> Result<(Map, Extras), Error> {
        let max_entries = max_entries(self.kernel, spec)?;
        let features = self.kernel.known_features();
        let mut extras = Extras {
            naming: naming(|feature| features.known_to_lack(feature)),
            mmapable: spec.role.is_data_section()
                && !features.known_to_lack(Feature::MmapableArrays),
            types: takes_types(spec),
        };
        let mut outcome = self.try_create(spec, max_entries, inner, extras)?;
        if outcome.as_ref().is_err_and(|&errno| errno == Errno::PERM)
            && self.kernel.memlock().lift(self.kernel)
        {
            outcome = self.try_create(spec, max_entries, inner, extras)?;
        }
        if outcome.as_ref().is_err_and(|&errno| errno == ENOTSUPP)
            && spec.map_type == MapType::STRUCT_OPS
        {
            // Old kernels read their own types when they load a first program, and know no struct before.
            self.kernel.has_program_type(ProgType::SOCKET_FILTER)?;
            outcome = self.try_create(spec, max_entries, inner, extras)?;
        }
        while let Err(errno) = outcome {
            if errno == Errno::PERM || !self.leave_out_of_map(&mut extras) {
                return Err(refused(self.kernel, spec, max_entries, errno));
            }
            outcome = self.try_create(spec, max_entries, inner, extras)?;
        }
        let fd = outcome.map_err(|errno| refused(self.kernel, spec, max_entries, errno))?;
        let address = if spec.map_type == MapType::ARENA { spec.map_extra } else { 0 };
        let place = KernelMap::with_max_entries(self.kernel.bpf(), fd, max_entries).at(address);
        Ok((Map::new(spec.name.clone(), place), extras))
    }

    /// One attempt; the inner result is the kernel's.
    fn try_create(
        &self,
        spec: &MapSpec,
        max_entries: u32,
        inner: Option<&Map>,
        extras: Extras,
    ) -> Result<Result<MapFd, Errno>, Error> {
        let types = if extras.types { self.btf().fd() } else { None };
        let table = self.tables.of(&spec.name);
        let module = table.map(|table| table.module_fd(self)).transpose()?.flatten();
        let plain = request(spec, max_entries, extras, types);
        let create = MapCreate {
            value_size: table.map_or(spec.value_size, |table| table.ops.value.len() as u32),
            inner_map: inner.map(Map::fd).transpose()?,
            // The kernel wants to see the types of the object, which the table is none of.
            btf: if table.is_some() { self.btf().fd() } else { types },
            btf_vmlinux_value_type_id: table.map_or(0, |table| table.ops.value_type.0),
            value_type_btf: module.as_ref().map(AsFd::as_fd),
            ..plain
        };
        Ok(self.kernel.bpf().map_create(&create))
    }

    /// Leaves out what the kernel does not know, as probes say; at last the types, of which no probe
    /// says whether the map's type takes them. Whether anything was left out.
    fn leave_out_of_map(&self, extras: &mut Extras) -> bool {
        let lacks = |feature| self.kernel.known_features().lacks(self.kernel.bpf(), feature);
        let before = *extras;
        extras.naming = naming(lacks);
        extras.mmapable = extras.mmapable && !lacks(Feature::MmapableArrays);
        if before.naming != extras.naming || before.mmapable != extras.mmapable {
            return true;
        }
        std::mem::take(&mut extras.types) && self.btf().fd().is_some()
    }
}

/// What the kernel is asked for, of a map that refers to no other.
pub(super) fn request<'a>(
    spec: &MapSpec,
    max_entries: u32,
    extras: Extras,
    types: Option<BorrowedFd<'a>>,
) -> MapCreate<'a> {
    let type_id = |id: Option<TypeId>| id.filter(|_| types.is_some()).map_or(0, |id| id.0);
    let name = spec.kernel_name.as_deref().unwrap_or(&spec.name);
    MapCreate {
        map_type: spec.map_type,
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries,
        map_flags: spec.flags | if extras.mmapable { BPF_F_MMAPABLE } else { 0 },
        numa_node: spec.numa_node,
        name: match extras.naming {
            Naming::Whole => name.into(),
            Naming::WithoutDots => name.replace('.', "_").as_str().into(),
            Naming::None => ObjName::NONE,
        },
        ifindex: spec.ifindex,
        btf: types,
        btf_key_type_id: type_id(spec.key_type),
        btf_value_type_id: type_id(spec.value_type),
        map_extra: spec.map_extra,
        ..MapCreate::default()
    }
}

/// The size to create the map with, where its type has rules for it.
pub(super) fn max_entries(kernel: &Kernel, spec: &MapSpec) -> Result<u32, Error> {
    match spec.map_type {
        MapType::PERF_EVENT_ARRAY if spec.max_entries == 0 => {
            Ok(u32::try_from(kernel.possible_cpus()?).unwrap_or(u32::MAX))
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => ring_size(spec.max_entries),
        _ => Ok(spec.max_entries),
    }
}

/// How maps are named in a kernel that lacks what `lacks` says.
fn naming(lacks: impl Fn(Feature) -> bool) -> Naming {
    match (lacks(Feature::Names), lacks(Feature::DotsInNames)) {
        (true, _) => Naming::None,
        (false, true) => Naming::WithoutDots,
        (false, false) => Naming::Whole,
    }
}

/// A ring buffer has a power of two of whole pages.
pub(super) fn ring_size(asked: u32) -> Result<u32, Error> {
    let page = u32::try_from(osmia_sys::page_size()).unwrap_or(4096);
    match asked.max(page).checked_next_power_of_two() {
        _ if asked == 0 => Err(Error::invalid(
            "a ring buffer has a size in bytes: __uint(max_entries, 256 * 1024)",
        )),
        Some(size) => Ok(size),
        None => Err(Error::invalid(format!(
            "a ring buffer cannot have {asked} bytes: they are rounded up to a power of two"
        ))),
    }
}

/// Whether the map has types to tell, and its type takes them.
fn takes_types(spec: &MapSpec) -> bool {
    let has = spec.key_type.is_some() || spec.value_type.is_some();
    let refuses = matches!(
        spec.map_type,
        MapType::PERF_EVENT_ARRAY
            | MapType::PROG_ARRAY
            | MapType::CGROUP_ARRAY
            | MapType::STACK_TRACE
            | MapType::ARRAY_OF_MAPS
            | MapType::HASH_OF_MAPS
            | MapType::DEVMAP
            | MapType::DEVMAP_HASH
            | MapType::CPUMAP
            | MapType::XSKMAP
            | MapType::SOCKMAP
            | MapType::SOCKHASH
            | MapType::RINGBUF
            | MapType::USER_RINGBUF
            | MapType::STRUCT_OPS
    );
    has && !refuses
}

#[cfg(test)]
mod tests {
    use super::ring_size;

    #[test]
    fn a_ring_has_a_power_of_two_of_pages() {
        let page = u32::try_from(osmia_sys::page_size()).unwrap();
        assert_eq!(ring_size(1).unwrap(), page);
        assert_eq!(ring_size(3 * page).unwrap(), 4 * page);
        assert_eq!(ring_size(1 << 20).unwrap(), 1 << 20);
        assert!(ring_size(0).is_err());
        assert!(ring_size(u32::MAX).is_err());
    }
}
