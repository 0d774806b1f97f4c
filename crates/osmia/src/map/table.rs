//! Maps from keys to values: hashes and tries.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use zerocopy::{FromBytes, IntoBytes as _};

use crate::error::Error;
use crate::map::Map;
use crate::map::entries::Entries;
use crate::map::typed::{TypedMap, check_key, check_type, check_value, typed_map};
use crate::map::update::{UpdateFlags, Updated};
use crate::plain::Plain;

/// A hash map (`BPF_MAP_TYPE_HASH`).
///
/// # Kernel
/// Since 3.19.
pub type HashMap<K, V> = Table<K, V, Hash>;

/// A hash map that drops what was not used for longest when it is full (`BPF_MAP_TYPE_LRU_HASH`).
///
/// # Kernel
/// Since 4.10.
pub type LruHashMap<K, V> = Table<K, V, LruHash>;

/// A trie that finds the longest prefix of a key (`BPF_MAP_TYPE_LPM_TRIE`). A key begins with a
/// 32-bit length of the prefix in bits.
///
/// # Kernel
/// Since 4.11.
pub type LpmTrie<K, V> = Table<K, V, Lpm>;

/// Which type of map a [`Table`] is of.
pub trait TableKind: sealed::Sealed {
    /// The type.
    const TYPE: MapType;
    /// The handle's name.
    const HANDLE: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $map_type:ident, $handle:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}

        impl sealed::Sealed for $kind {}

        impl TableKind for $kind {
            const TYPE: MapType = MapType::$map_type;
            const HANDLE: &'static str = $handle;
        }
    )*};
}

kinds! {
    /// Marks a [`HashMap`].
    Hash = HASH, "HashMap";
    /// Marks an [`LruHashMap`].
    LruHash = LRU_HASH, "LruHashMap";
    /// Marks an [`LpmTrie`].
    Lpm = LPM_TRIE, "LpmTrie";
}

/// Marks types that a handle has values of, without having any.
type Types<K, V, T> = PhantomData<fn() -> (K, V, T)>;

/// A map from keys to values, typed: [`HashMap`], [`LruHashMap`] or [`LpmTrie`].
///
/// Clones are handles of the same map. All methods take `&self`: programs and other processes
/// change the map at the same time.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// use osmia::{HashMap, Kernel, Map, Updated};
///
/// let map = Map::from_pin(&Kernel::running()?, "/sys/fs/bpf/counts")?;
/// let counts = HashMap::<u32, u64>::try_from(map)?;
/// assert_eq!(counts.insert(&7, &1)?, Updated::Inserted);
/// assert_eq!(counts.get(&7)?, Some(1));
/// for entry in counts.iter() {
///     let (pid, count) = entry?;
///     println!("{pid}: {count}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct Table<K, V, T> {
    map: Map,
    types: Types<K, V, T>,
}

typed_map!([K: Plain, V: Plain, T: TableKind] Table<K, V, T>);

impl<K: Plain, V: Plain, T: TableKind> TypedMap for Table<K, V, T> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, T::HANDLE, &[T::TYPE])?;
        check_key::<K>(&map)?;
        check_value::<V>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<K: Plain, V: Plain, T> Table<K, V, T> {
    /// The value of `key`, if it is there.
    ///
    /// # Errors
    /// `Permission`: the map was opened for writing only.
    #[inline]
    pub fn get(&self, key: &K) -> Result<Option<V>, Error> {
        let mut value = V::new_zeroed();
        let found = self.map.lookup_into(key.as_bytes(), value.as_mut_bytes())?;
        Ok(found.then_some(value))
    }

    /// Writes the value of `key`, whether it is there or not: one call.
    ///
    /// # Errors
    /// `Full`; `Permission`: the map is frozen.
    #[inline]
    pub fn set(&self, key: &K, value: &V) -> Result<(), Error> {
        self.update(key, value, UpdateFlags::ANY).map(drop)
    }

    /// Writes the value of `key`, and says whether it was there: two calls if it was.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn insert(&self, key: &K, value: &V) -> Result<Updated, Error> {
        self.map.insert(key.as_bytes(), value.as_bytes())
    }

    /// Writes the value of `key` under a condition.
    ///
    /// # Errors
    /// `Exists` under [`UpdateFlags::NOEXIST`], `NotFound` under [`UpdateFlags::EXIST`]; and as for
    /// [`set`](Self::set).
    #[inline]
    pub fn update(&self, key: &K, value: &V, flags: UpdateFlags) -> Result<Updated, Error> {
        self.map.update(key.as_bytes(), value.as_bytes(), flags)
    }

    /// Deletes `key`; whether it was there.
    ///
    /// # Errors
    /// `Permission`: the map is frozen.
    #[inline]
    pub fn remove(&self, key: &K) -> Result<bool, Error> {
        self.map.delete(key.as_bytes())
    }

    /// Deletes `key` and returns its value, if it was there, without a moment between both.
    ///
    /// # Kernel
    /// Since 5.14.
    ///
    /// # Errors
    /// `Permission`: the map is frozen; `Unsupported`: the kernel is older; `Invalid`: this is an
    /// [`LpmTrie`].
    pub fn take(&self, key: &K) -> Result<Option<V>, Error> {
        let mut value = V::new_zeroed();
        let found = self.map.take_into(key.as_bytes(), value.as_mut_bytes())?;
        Ok(found.then_some(value))
    }

    /// All elements, fetched many at a time where the kernel can; see [`Entries`].
    pub fn iter(&self) -> TableIter<K, V> {
        TableIter { entries: Some(self.map.entries()), types: PhantomData }
    }

    /// All elements, each deleted as it is fetched; see [`Map::drain`].
    pub fn drain(&self) -> TableIter<K, V> {
        TableIter { entries: Some(self.map.drain()), types: PhantomData }
    }

    /// How many elements there are.
    ///
    /// # Errors
    /// As for [`Entries::next_entry`].
    pub fn count(&self) -> Result<u64, Error> {
        self.map.count()
    }

    /// Writes elements, up to the first that is refused; how many were written.
    ///
    /// # Kernel
    /// One call since 5.6; one per element before.
    ///
    /// # Errors
    /// As for [`update`](Self::update), and `Invalid` if there are not as many keys as values.
    pub fn update_batch(
        &self,
        keys: &[K],
        values: &[V],
        flags: UpdateFlags,
    ) -> Result<usize, Error> {
        self.map.update_batch(keys.as_bytes(), values.as_bytes(), flags)
    }

    /// Deletes keys, up to the first that is refused; how many were deleted.
    ///
    /// # Kernel
    /// As for [`update_batch`](Self::update_batch).
    ///
    /// # Errors
    /// `NotFound`: a key is not there; `Permission`: the map is frozen.
    pub fn remove_batch(&self, keys: &[K]) -> Result<usize, Error> {
        self.map.delete_batch(keys.as_bytes())
    }
}

impl<K, V, T> Clone for Table<K, V, T> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<K, V, T> fmt::Debug for Table<K, V, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}

impl<K: Plain, V: Plain, T> IntoIterator for &Table<K, V, T> {
    type Item = Result<(K, V), Error>;
    type IntoIter = TableIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The elements of a [`Table`]. After an error there are no more.
#[derive(Debug)]
pub struct TableIter<K, V> {
    entries: Option<Entries>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: FromBytes, V: FromBytes> Iterator for TableIter<K, V> {
    type Item = Result<(K, V), Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self.entries.as_mut()?.next_entry() {
            Ok(entry) => entry,
            Err(error) => {
                self.entries = None;
                return Some(Err(error));
            }
        };
        // The sizes were compared when the handle was made.
        let (key, value) = entry?;
        Some(Ok((K::read_from_bytes(key).ok()?, V::read_from_bytes(value).ok()?)))
    }
}
