//! Maps in which each CPU has values of its own.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use zerocopy::IntoBytes as _;

use crate::error::Error;
use crate::map::Map;
use crate::map::entries::Entries;
use crate::map::typed::{TypedMap, check_key, check_type, check_value, typed_map};
use crate::map::update::{UpdateFlags, Updated};
use crate::plain::Plain;

/// A hash map with a value per CPU (`BPF_MAP_TYPE_PERCPU_HASH`, and its LRU sibling).
///
/// A value is one of each possible CPU, in the order of their numbers.
///
/// # Kernel
/// Since 4.6, LRU since 4.10.
///
/// # Examples
/// ```no_run
/// # fn total(counts: &osmia::PerCpuHashMap<u32, u64>) -> Result<u64, osmia::Error> {
/// let values = counts.get(&7)?.unwrap_or_default();
/// Ok(values.iter().sum())
/// # }
/// ```
pub struct PerCpuHashMap<K, V> {
    map: Map,
    types: PhantomData<fn() -> (K, V)>,
}

typed_map!([K: Plain, V: Plain] PerCpuHashMap<K, V>);

impl<K: Plain, V: Plain> TypedMap for PerCpuHashMap<K, V> {
    fn from_map(map: Map) -> Result<Self, Error> {
        let types = [MapType::PERCPU_HASH, MapType::LRU_PERCPU_HASH];
        check_type(&map, "PerCpuHashMap", &types)?;
        check_key::<K>(&map)?;
        check_value::<V>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<K: Plain, V: Plain> PerCpuHashMap<K, V> {
    /// The values of `key`, if it is there.
    ///
    /// # Errors
    /// `Permission`: the map was opened for writing only.
    pub fn get(&self, key: &K) -> Result<Option<Vec<V>>, Error> {
        let found = self.map.lookup(key.as_bytes())?;
        Ok(found.map(|bytes| values(&self.map, &bytes)))
    }

    /// Writes the values of `key`, whether it is there or not.
    ///
    /// # Errors
    /// `Full`; `Permission`: the map is frozen; `Invalid`: there are not as many values as
    /// possible CPUs.
    pub fn set(&self, key: &K, values: &[V]) -> Result<(), Error> {
        self.update(key, values, UpdateFlags::ANY).map(drop)
    }

    /// Writes the values of `key`, and says whether it was there: two calls if it was.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn insert(&self, key: &K, values: &[V]) -> Result<Updated, Error> {
        self.map.insert(key.as_bytes(), &element(&self.map, values)?)
    }

    /// Writes the values of `key` under a condition.
    ///
    /// # Errors
    /// `Exists` under [`UpdateFlags::NOEXIST`], `NotFound` under [`UpdateFlags::EXIST`]; and as for
    /// [`set`](Self::set).
    pub fn update(&self, key: &K, values: &[V], flags: UpdateFlags) -> Result<Updated, Error> {
        self.map.update(key.as_bytes(), &element(&self.map, values)?, flags)
    }

    /// Deletes `key`; whether it was there.
    ///
    /// # Errors
    /// `Permission`: the map is frozen.
    pub fn remove(&self, key: &K) -> Result<bool, Error> {
        self.map.delete(key.as_bytes())
    }

    /// All elements, fetched many at a time where the kernel can; see [`Entries`].
    pub fn iter(&self) -> impl Iterator<Item = Result<(K, Vec<V>), Error>> + use<K, V> {
        rows(self.map.entries(), &self.map)
    }

    /// All elements, each deleted as it is fetched; see [`Map::drain`].
    pub fn drain(&self) -> impl Iterator<Item = Result<(K, Vec<V>), Error>> + use<K, V> {
        rows(self.map.drain(), &self.map)
    }

    /// Writes elements, up to the first that is refused; how many were written. Each has the values of all CPUs.
    ///
    /// # Kernel
    /// One call since 5.6; one per element before.
    ///
    /// # Errors
    /// As for [`set`](Self::set), and `Invalid` if there are not as many keys as elements; the message says how many
    /// were written before.
    pub fn update_batch<E: AsRef<[V]>>(
        &self,
        keys: &[K],
        elements: &[E],
        flags: UpdateFlags,
    ) -> Result<usize, Error> {
        update_batch(&self.map, keys, elements, flags)
    }

    /// Deletes keys, up to the first that is refused; how many were deleted.
    ///
    /// # Kernel
    /// As for [`update_batch`](Self::update_batch).
    ///
    /// # Errors
    /// `NotFound`: a key is not there; `Permission`: the map is frozen. The message says how many were deleted before.
    pub fn remove_batch(&self, keys: &[K]) -> Result<usize, Error> {
        self.map.delete_batch(keys.as_bytes())
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// As for [`Entries::next_entry`].
    pub fn count(&self) -> Result<u64, Error> {
        self.map.count()
    }
}

/// An array with a value per CPU (`BPF_MAP_TYPE_PERCPU_ARRAY`).
///
/// # Kernel
/// Since 4.6.
pub struct PerCpuArray<V> {
    map: Map,
    types: PhantomData<fn() -> V>,
}

typed_map!([V: Plain] PerCpuArray<V>);

impl<V: Plain> TypedMap for PerCpuArray<V> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "PerCpuArray", &[MapType::PERCPU_ARRAY])?;
        check_key::<u32>(&map)?;
        check_value::<V>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<V: Plain> PerCpuArray<V> {
    /// How many elements it has.
    pub fn len(&self) -> u32 {
        self.map.max_entries()
    }

    /// Whether it has no elements, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values at `index`, one of each possible CPU.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end.
    pub fn get(&self, index: u32) -> Result<Vec<V>, Error> {
        let found = self.map.lookup(index.as_bytes())?;
        found.map(|bytes| values(&self.map, &bytes)).ok_or_else(|| {
            let (name, len) = (self.map.name(), self.len());
            Error::invalid(format!("map `{name}` has {len} elements, there is none at {index}"))
        })
    }

    /// Writes the values at `index`.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end, or there are not as many values as possible CPUs;
    /// `Permission`: the map is frozen.
    pub fn set(&self, index: u32, values: &[V]) -> Result<(), Error> {
        let element = element(&self.map, values)?;
        self.map.update(index.as_bytes(), &element, UpdateFlags::ANY).map(drop)
    }

    /// All elements in the order of their indices.
    pub fn iter(&self) -> impl Iterator<Item = Result<Vec<V>, Error>> + use<V> {
        rows::<u32, V>(self.map.entries(), &self.map).map(|row| row.map(|(_, values)| values))
    }

    /// Writes elements, up to the first that is refused; how many were written. Each has the values of all CPUs.
    ///
    /// # Kernel
    /// One call since 5.13; one per element before.
    ///
    /// # Errors
    /// As for [`set`](Self::set), and `Invalid` if there are not as many indices as elements; the message says how many
    /// were written before.
    pub fn update_batch<E: AsRef<[V]>>(
        &self,
        indices: &[u32],
        elements: &[E],
    ) -> Result<usize, Error> {
        update_batch(&self.map, indices, elements, UpdateFlags::ANY)
    }
}

/// The elements, read as they come.
fn rows<K: Plain, V: Plain>(
    entries: Entries,
    map: &Map,
) -> impl Iterator<Item = Result<(K, Vec<V>), Error>> + use<K, V> {
    let (map, mut entries) = (map.clone(), Some(entries));
    std::iter::from_fn(move || {
        let entry = match entries.as_mut()?.next_entry() {
            Ok(entry) => entry,
            Err(error) => {
                entries = None;
                return Some(Err(error));
            }
        };
        let (key, element) = entry?;
        Some(Ok((K::read_from_bytes(key).ok()?, values(&map, element))))
    })
}

/// The values of all CPUs out of an element.
fn values<V: Plain>(map: &Map, element: &[u8]) -> Vec<V> {
    let stride = map.shape().stride();
    if stride == 0 {
        return Vec::new();
    }
    let slots = element.chunks_exact(stride);
    slots.filter_map(|slot| V::read_from_prefix(slot).ok()).map(|(value, _)| value).collect()
}

/// An element of the values of all CPUs.
fn element<V: Plain>(map: &Map, values: &[V]) -> Result<Vec<u8>, Error> {
    let cpus = map.shape().cpus.unwrap_or(1);
    if values.len() != cpus {
        return Err(Error::invalid(format!(
            "map `{}` has a value for each of {cpus} possible CPUs, {} are given",
            map.name(),
            values.len()
        )));
    }
    let mut element = vec![0; map.element_size()];
    let slots = element.chunks_exact_mut(map.shape().stride().max(1));
    for (slot, value) in slots.zip(values) {
        slot.iter_mut().zip(value.as_bytes()).for_each(|(to, from)| *to = *from);
    }
    Ok(element)
}

/// Writes elements of the values of all CPUs.
fn update_batch<K: Plain, V: Plain, E: AsRef<[V]>>(
    map: &Map,
    keys: &[K],
    elements: &[E],
    flags: UpdateFlags,
) -> Result<usize, Error> {
    let mut bytes = Vec::with_capacity(elements.len().saturating_mul(map.element_size()));
    for values in elements {
        bytes.extend(element(map, values.as_ref())?);
    }
    map.update_batch(keys.as_bytes(), &bytes, flags)
}

impl<K, V> Clone for PerCpuHashMap<K, V> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<V> Clone for PerCpuArray<V> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for PerCpuHashMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}

impl<V> fmt::Debug for PerCpuArray<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
