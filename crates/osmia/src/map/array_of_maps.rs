//! Arrays of maps.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::error::Error;
use crate::map::Map;
use crate::map::inner_map::{self, InnerMap};
use crate::map::typed::{TypedMap, check_key, check_type, typed_map};
use crate::map::update::UpdateFlags;

/// An array of maps (`BPF_MAP_TYPE_ARRAY_OF_MAPS`), whose slots are empty or have a map of the type that
/// the C declares.
///
/// A program sees a whole map or another one at each look-up: a table is replaced at once by putting a new
/// map, filled before, into its slot.
///
/// # Kernel
/// Since 4.12.
///
/// # Examples
/// ```no_run
/// # fn replace(rules: &osmia::ArrayOfMaps<osmia::HashMap<u32, u8>>) -> Result<(), osmia::Error> {
/// let next = rules.inner().create()?;
/// next.set(&10, &1)?;
/// rules.set(0, &next)?;
/// assert_eq!(rules.get(0)?.unwrap().get(&10)?, Some(1));
/// # Ok(())
/// # }
/// ```
pub struct ArrayOfMaps<M> {
    map: Map,
    types: PhantomData<fn() -> M>,
}

typed_map!([M: TypedMap] ArrayOfMaps<M>);

impl<M: TypedMap> TypedMap for ArrayOfMaps<M> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "ArrayOfMaps", &[MapType::ARRAY_OF_MAPS])?;
        check_key::<u32>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<M: TypedMap> ArrayOfMaps<M> {
    /// How many slots it has.
    pub fn len(&self) -> u32 {
        self.map.max_entries()
    }

    /// Whether it has no slots, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The map in a slot, if there is one.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// `Permission`; `Invalid`: the map in the slot has other types than `M`.
    pub fn get(&self, index: u32) -> Result<Option<M>, Error> {
        inner_map::get(&self.map, index.as_bytes())
    }

    /// Puts a map into a slot, in the place of the one that is there.
    ///
    /// # Errors
    /// `Invalid`: the map is not like those that the array was made for, or the index is beyond the end.
    pub fn set(&self, index: u32, inner: &M) -> Result<(), Error> {
        inner_map::set(&self.map, index.as_bytes(), inner, UpdateFlags::ANY)
    }

    /// Empties a slot; whether there was a map.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end.
    pub fn clear(&self, index: u32) -> Result<bool, Error> {
        self.map.delete(index.as_bytes())
    }

    /// A new map for a slot, as the object says that they look.
    pub fn inner(&self) -> InnerMap<M> {
        InnerMap::of(&self.map)
    }

    /// The slots that have maps, by their indices.
    ///
    /// # Kernel
    /// As for [`get`](Self::get).
    pub fn iter(&self) -> impl Iterator<Item = Result<(u32, M), Error>> + use<M> {
        inner_map::iter(&self.map).map(|entry| {
            let (key, map) = entry?;
            Ok((u32::read_from_bytes(&key).unwrap_or_default(), map))
        })
    }
}

impl<M> Clone for ArrayOfMaps<M> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<M> fmt::Debug for ArrayOfMaps<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
