//! Hash maps of maps.

use std::fmt;
use std::marker::PhantomData;

use crate::error::Error;
use crate::map::Map;
use crate::map::inner_map::{self, InnerMap};
use crate::map::typed::{TypedMap, check_key, check_type, typed_map};
use crate::map::update::UpdateFlags;
use crate::plain::Plain;
use osmia_abi::MapType;

/// Marks types that a handle has values of, without having any.
type Types<K, M> = PhantomData<fn() -> (K, M)>;

/// A hash map of maps (`BPF_MAP_TYPE_HASH_OF_MAPS`), each of the type that the C declares.
///
/// # Kernel
/// Since 4.12.
///
/// # Examples
/// ```no_run
/// # type PerUser = osmia::HashOfMaps<u32, osmia::HashMap<u32, u64>>;
/// # fn add(users: &PerUser) -> Result<(), osmia::Error> {
/// users.set(&1000, &users.inner().create()?)?;
/// for entry in users.iter() {
///     let (user, counts) = entry?;
///     println!("{user}: {} processes", counts.count()?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct HashOfMaps<K, M> {
    map: Map,
    types: Types<K, M>,
}

typed_map!([K: Plain, M: TypedMap] HashOfMaps<K, M>);

impl<K: Plain, M: TypedMap> TypedMap for HashOfMaps<K, M> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "HashOfMaps", &[MapType::HASH_OF_MAPS])?;
        check_key::<K>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<K: Plain, M: TypedMap> HashOfMaps<K, M> {
    /// The map of `key`, if it is there.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// `Permission`; `Invalid`: the map has other types than `M`.
    pub fn get(&self, key: &K) -> Result<Option<M>, Error> {
        inner_map::get(&self.map, key.as_bytes())
    }

    /// Writes the map of `key`, whether it is there or not.
    ///
    /// # Errors
    /// `Full`; `Invalid`: the inner map is not like those that this one was made for.
    pub fn set(&self, key: &K, inner: &M) -> Result<(), Error> {
        self.update(key, inner, UpdateFlags::ANY)
    }

    /// Writes the map of `key` under a condition.
    ///
    /// # Errors
    /// `Exists` under [`UpdateFlags::NOEXIST`], `NotFound` under [`UpdateFlags::EXIST`]; and as for
    /// [`set`](Self::set).
    pub fn update(&self, key: &K, inner: &M, flags: UpdateFlags) -> Result<(), Error> {
        inner_map::set(&self.map, key.as_bytes(), inner, flags)
    }

    /// Deletes `key`; whether it was there.
    ///
    /// # Errors
    /// `Permission`: the map is frozen.
    pub fn remove(&self, key: &K) -> Result<bool, Error> {
        self.map.delete(key.as_bytes())
    }

    /// A new map for a key, as the object says that they look.
    pub fn inner(&self) -> InnerMap<M> {
        InnerMap::of(&self.map)
    }

    /// All keys with their maps.
    ///
    /// # Kernel
    /// As for [`get`](Self::get).
    pub fn iter(&self) -> impl Iterator<Item = Result<(K, M), Error>> + use<K, M> {
        inner_map::iter(&self.map).map(|entry| {
            let (key, map) = entry?;
            // The sizes were compared when the handle was made.
            let mut typed = K::new_zeroed();
            typed.as_mut_bytes().copy_from_slice(&key);
            Ok((typed, map))
        })
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// As for [`Entries::next_entry`](crate::Entries::next_entry).
    pub fn count(&self) -> Result<u64, Error> {
        self.map.count()
    }
}

impl<K, M> Clone for HashOfMaps<K, M> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<K, M> fmt::Debug for HashOfMaps<K, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
