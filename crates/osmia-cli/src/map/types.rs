//! The types of a map's keys and values.

use osmia::{Kernel, Map, MapInfo};
use osmia_abi::MapType;
use osmia_btf::{Btf, Kind, Type, TypeId};

use crate::btf::source;
use crate::failure::Failure;
use crate::value::Value;

/// The types of a map's keys and values, as far as its object told them.
#[derive(Debug, Default)]
pub struct MapTypes {
    btf: Option<Btf>,
    /// The type of the keys.
    pub key: Option<TypeId>,
    /// The type of the values; a data section where the map is one of variables.
    pub value: Option<TypeId>,
}

impl MapTypes {
    /// Asks the kernel for the types of a map.
    ///
    /// # Errors
    /// The types cannot be read.
    pub fn of(kernel: &Kernel, info: &MapInfo) -> Result<Self, Failure> {
        let known = |id: u32| (id != 0).then_some(TypeId(id));
        if info.map_type == MapType::STRUCT_OPS {
            let btf = kernel.btf()?.clone();
            let (key, value) = (None, known(info.btf_vmlinux_value_type_id));
            return Ok(Self { btf: Some(btf), key, value });
        }
        if info.btf_id == 0 {
            return Ok(Self::default());
        }
        let btf = Some(source::of_id(info.btf_id)?);
        Ok(Self { btf, key: known(info.btf_key_type_id), value: known(info.btf_value_type_id) })
    }

    /// The BTF, and a type of it.
    pub fn typed(&self, ty: Option<TypeId>) -> Option<(&Btf, TypeId)> {
        self.btf.as_ref().zip(ty)
    }

    /// A key as a value.
    pub fn key_value<'a>(&'a self, bytes: &'a [u8]) -> Value<'a> {
        Value::new(self.btf.as_ref(), self.key, bytes)
    }

    /// A value as one.
    pub fn value_value<'a>(&'a self, bytes: &'a [u8]) -> Value<'a> {
        Value::new(self.btf.as_ref(), self.value, bytes)
    }

    /// The data section that the values are, if the map is one of variables.
    pub fn section(&self) -> Option<Type<'_>> {
        let (btf, id) = self.typed(self.value)?;
        btf.ty(id).ok().filter(|ty| ty.kind() == Kind::DataSec)
    }

    /// What a type is called in C.
    pub fn title(&self, ty: Option<TypeId>) -> Option<String> {
        let (btf, id) = self.typed(ty)?;
        let ty = btf.ty(id).ok()?;
        match ty.kind() {
            Kind::DataSec => Some(ty.name().to_owned()),
            _ => osmia_btf::c::title(btf, id, "").ok(),
        }
    }
}

/// Whether values are programs, maps, cgroups or perf events: descriptors go in and ids come out.
pub fn holds_objects(map: &Map) -> bool {
    matches!(
        map.map_type(),
        MapType::PROG_ARRAY
            | MapType::ARRAY_OF_MAPS
            | MapType::HASH_OF_MAPS
            | MapType::CGROUP_ARRAY
            | MapType::PERF_EVENT_ARRAY
    )
}
