//! Arrays.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use osmia_sys::{Errno, SharedMemory};
use zerocopy::IntoBytes as _;

use crate::error::Error;
use crate::map::Map;
use crate::map::refusal::Operation;
use crate::map::typed::{TypedMap, check_key, check_type, check_value, typed_map};
use crate::map::update::UpdateFlags;
use crate::plain::Plain;
use crate::shared;

/// An array (`BPF_MAP_TYPE_ARRAY`): all indices always have a value.
///
/// An array that was declared with `BPF_F_MMAPABLE` is read and written in memory, without system
/// calls. Values of 1, 2, 4 or 8 bytes are then loaded and stored whole; longer ones are copied
/// word by word, so that a copy may hold some of what another writer wrote meanwhile.
///
/// # Kernel
/// Since 3.19, in memory since 5.5.
///
/// # Examples
/// ```no_run
/// # fn total(slots: &osmia::Array<u64>) -> Result<u64, osmia::Error> {
/// slots.set(0, &1)?;
/// slots.iter().sum()
/// # }
/// ```
pub struct Array<V> {
    map: Map,
    types: PhantomData<fn() -> V>,
}

typed_map!([V: Plain] Array<V>);

impl<V: Plain> TypedMap for Array<V> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "Array", &[MapType::ARRAY])?;
        check_key::<u32>(&map)?;
        check_value::<V>(&map)?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<V: Plain> Array<V> {
    /// How many elements it has.
    pub fn len(&self) -> u32 {
        self.map.max_entries()
    }

    /// Whether it has no elements, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `index`.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end.
    #[inline]
    pub fn get(&self, index: u32) -> Result<V, Error> {
        if let Some((memory, offset)) = self.in_memory(index)? {
            return shared::load(memory, offset).map_err(|errno| self.failed(errno));
        }
        let mut value = V::new_zeroed();
        if self.map.lookup_into(index.as_bytes(), value.as_mut_bytes())? {
            return Ok(value);
        }
        Err(self.beyond(index))
    }

    /// Writes the value at `index`.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end; `Permission`: the map is frozen.
    #[inline]
    pub fn set(&self, index: u32, value: &V) -> Result<(), Error> {
        match self.in_memory(index)? {
            Some((memory, offset)) if memory.is_writable() => {
                shared::store(memory, offset, value).map_err(|errno| self.failed(errno))
            }
            _ => {
                let key = index.as_bytes();
                self.map.update(key, value.as_bytes(), UpdateFlags::ANY).map(drop)
            }
        }
    }

    /// All values in the order of their indices.
    pub fn iter(&self) -> impl Iterator<Item = Result<V, Error>> + use<V> {
        let (array, mut batches) = (self.clone(), None);
        let in_memory = self.memory().is_some();
        (0..self.len()).map_while(move |index| {
            if in_memory {
                return Some(array.get(index));
            }
            let entries = batches.get_or_insert_with(|| array.map.entries());
            match entries.next_entry() {
                Ok(entry) => entry.and_then(|(_, value)| V::read_from_bytes(value).ok()).map(Ok),
                Err(error) => Some(Err(error)),
            }
        })
    }

    #[inline]
    fn memory(&self) -> Option<&SharedMemory> {
        self.map.place().kernel().and_then(|kernel| kernel.memory())
    }

    /// The mapped memory and the place of an element in it, where there is such memory.
    #[inline]
    fn in_memory(&self, index: u32) -> Result<Option<(&SharedMemory, usize)>, Error> {
        if index >= self.len() {
            return Err(self.beyond(index));
        }
        Ok(self.memory().map(|memory| (memory, index as usize * self.map.shape().stride())))
    }

    #[cold]
    fn beyond(&self, index: u32) -> Error {
        let (name, len) = (self.map.name(), self.len());
        Error::invalid(format!("map `{name}` has {len} elements, there is none at {index}"))
    }

    #[cold]
    fn failed(&self, errno: Errno) -> Error {
        self.map.refused(Operation::Lookup, errno)
    }
}

impl<V> Clone for Array<V> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<V> fmt::Debug for Array<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
