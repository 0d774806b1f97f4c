//! What typed handles of maps have in common.

use osmia_abi::MapType;

use crate::error::Error;
use crate::map::Map;

/// A handle that knows the types of a map's keys and values.
pub trait TypedMap: Sized + sealed::Sealed {
    /// The handle of this map.
    ///
    /// # Errors
    /// `Invalid`: the map is of another type, or its keys or values have another size.
    fn from_map(map: Map) -> Result<Self, Error>;
}

pub(crate) mod sealed {
    /// Handles are made in this crate alone, so that they can learn more.
    pub trait Sealed {
        /// The map without its types.
        fn untyped(&self) -> &super::Map;
    }
}

impl sealed::Sealed for Map {
    fn untyped(&self) -> &Map {
        self
    }
}

impl TypedMap for Map {
    fn from_map(map: Map) -> Result<Self, Error> {
        Ok(map)
    }
}

/// Checks the type of a map.
pub(crate) fn check_type(map: &Map, handle: &str, accepted: &[MapType]) -> Result<(), Error> {
    if accepted.contains(&map.map_type()) {
        return Ok(());
    }
    let names: Vec<String> = accepted.iter().map(ToString::to_string).collect();
    Err(Error::invalid(format!(
        "map `{}` is of type {}; {handle} is for {}",
        map.name(),
        map.map_type(),
        names.join(" and ")
    )))
}

/// Checks that keys have the size of `K`.
pub(crate) fn check_key<K>(map: &Map) -> Result<(), Error> {
    check_size::<K>(map, "keys", map.key_size())
}

/// Checks that values have the size of `V`.
pub(crate) fn check_value<V>(map: &Map) -> Result<(), Error> {
    check_size::<V>(map, "values", map.value_size())
}

fn check_size<T>(map: &Map, what: &str, has: usize) -> Result<(), Error> {
    let size = size_of::<T>();
    if has == size {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "map `{}` has {what} of {has} bytes; {} has {size}",
        map.name(),
        std::any::type_name::<T>()
    )))
}

/// Makes a type a handle: `TryFrom` both ways, and access to the map below.
macro_rules! typed_map {
    ([$($generics:tt)*] $name:ty) => {
        impl<$($generics)*> crate::map::typed::sealed::Sealed for $name {
            fn untyped(&self) -> &crate::map::Map {
                &self.map
            }
        }

        impl<$($generics)*> TryFrom<crate::map::Map> for $name {
            type Error = crate::error::Error;

            fn try_from(map: crate::map::Map) -> Result<Self, Self::Error> {
                crate::map::typed::TypedMap::from_map(map)
            }
        }

        impl<$($generics)*> $name {
            /// The map without its types.
            pub fn as_map(&self) -> &crate::map::Map {
                &self.map
            }

            /// The map's name.
            pub fn name(&self) -> &str {
                self.map.name()
            }

            /// Gives the map a name in a bpf file system; see [`Map::pin`](crate::Map::pin).
            ///
            /// # Errors
            /// As for [`Map::pin`](crate::Map::pin).
            pub fn pin(
                &self,
                path: impl AsRef<std::path::Path>,
            ) -> Result<(), crate::error::Error> {
                self.map.pin(path)
            }
        }
    };
}

pub(crate) use typed_map;
