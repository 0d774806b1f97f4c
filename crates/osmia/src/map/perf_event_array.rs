//! Perf event arrays as maps.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;

use crate::error::Error;
use crate::map::Map;
use crate::map::typed::{TypedMap, check_type, typed_map};
use crate::perf::PerfReader;
use crate::perf::buffer::PerfBuffer;
use crate::perf::history::PerfHistory;
use crate::ring::claim::Claim;

/// A perf event array (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`) that carries events of one type; of bytes if that is not said.
///
/// On kernels with ring buffers (5.8) those are mostly the better choice: one for all CPUs, in order, read without
/// copying.
///
/// # Kernel
/// Since 4.3, to write to since 4.4.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// # let map = osmia::Map::by_id(&osmia::Kernel::running()?, 1)?;
/// use std::time::Duration;
///
/// let events = osmia::PerfEventArray::<[u64; 4]>::try_from(map)?;
/// let mut reader = events.reader()?;
/// while let Some(event) = reader.next_timeout(Duration::from_secs(1))? {
///     println!("{event:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct PerfEventArray<T: ?Sized = [u8]> {
    map: Map,
    types: PhantomData<fn() -> Box<T>>,
}

typed_map!([T: ?Sized] PerfEventArray<T>);

impl<T: ?Sized> TypedMap for PerfEventArray<T> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "PerfEventArray", &[MapType::PERF_EVENT_ARRAY])?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<T: ?Sized> PerfEventArray<T> {
    /// A reader of the events of all CPUs. There is one at a time, and what other processes read is theirs: the array
    /// has one slot for each CPU.
    ///
    /// # Errors
    /// `Busy`: this process has a reader of the array already; `Permission`; `Invalid`: the array has
    /// no slot for one of the CPUs.
    pub fn reader(&self) -> Result<PerfReader<T>, Error> {
        self.reader_of(&PerfBuffer::default())
    }

    /// The same with rings of another size, or woken at other times.
    ///
    /// # Errors
    /// As for [`reader`](Self::reader).
    pub fn reader_of(&self, buffer: &PerfBuffer) -> Result<PerfReader<T>, Error> {
        PerfReader::new(&self.map, *buffer, self.claim()?)
    }

    /// Keeps the newest events for when they are asked for, and overwrites the oldest.
    ///
    /// # Kernel
    /// Since 4.7.
    ///
    /// # Errors
    /// As for [`reader`](Self::reader).
    pub fn history(&self, buffer: &PerfBuffer) -> Result<PerfHistory<T>, Error> {
        PerfHistory::new(&self.map, buffer, self.claim()?)
    }

    /// The same array with events of another type.
    pub fn with_events<U: ?Sized>(&self) -> PerfEventArray<U> {
        PerfEventArray { map: self.map.clone(), types: PhantomData }
    }

    fn claim(&self) -> Result<Claim, Error> {
        Claim::new(self.map.info()?.id, self.name())
    }
}

impl<T: ?Sized> Clone for PerfEventArray<T> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> fmt::Debug for PerfEventArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
