//! Ring buffers as maps.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use osmia_sys::{RingMemory, RingPositions};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::map::typed::{TypedMap, check_type, typed_map};
use crate::ring::RingReader;
use crate::ring::claim::Claim;

/// A ring buffer (`BPF_MAP_TYPE_RINGBUF`) of events of one type; of bytes if that is not said.
///
/// # Kernel
/// Since 5.8.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// # let map = osmia::Map::by_id(&osmia::Kernel::running()?, 1)?;
/// use std::time::Duration;
///
/// let events = osmia::RingBuf::<[u64; 4]>::try_from(map)?;
/// let mut reader = events.reader()?;
/// while let Some(event) = reader.next_timeout(Duration::from_secs(1))? {
///     println!("{event:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RingBuf<T: ?Sized = [u8]> {
    map: Map,
    types: PhantomData<fn() -> Box<T>>,
}

typed_map!([T: ?Sized] RingBuf<T>);

impl<T: ?Sized> TypedMap for RingBuf<T> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "RingBuf", &[MapType::RINGBUF])?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<T: ?Sized> RingBuf<T> {
    /// A reader of the events. There is one at a time: what is read is gone for others.
    ///
    /// # Errors
    /// `Busy`: this process has a reader of the ring already; `Invalid`: the ring overwrites its
    /// oldest events, which cannot be read safely.
    pub fn reader(&self) -> Result<RingReader<T>, Error> {
        let kernel = self.map.kernel("reading its ring")?;
        let claim = Claim::new(self.map.info()?.id, self.name())?;
        RingReader::new(kernel.bpf(), kernel.fd(), self.name(), claim)
    }

    /// The bytes that the ring has for events and their headers.
    pub fn capacity(&self) -> u32 {
        self.map.max_entries()
    }

    /// Where producers and reader stand: the four values that `bpf_ringbuf_query` tells programs.
    ///
    /// # Errors
    /// `Invalid`: the map is not in a kernel.
    pub fn positions(&self) -> Result<RingPositions, Error> {
        let kernel = self.map.kernel("asking for its positions")?;
        // A mapping that reads no event changes nothing.
        let memory = RingMemory::new(kernel.bpf(), kernel.fd()).map_err(|errno| {
            let what = format!("map the memory of ring buffer `{}`", self.name());
            Error::new(ErrorKind::System, what).caused_by(errno)
        })?;
        Ok(memory.positions())
    }

    /// The same ring with events of another type.
    pub fn with_events<U: ?Sized>(&self) -> RingBuf<U> {
        RingBuf { map: self.map.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> Clone for RingBuf<T> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> fmt::Debug for RingBuf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
