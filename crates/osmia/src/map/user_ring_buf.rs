//! Ring buffers for programs, as maps.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;

use crate::error::Error;
use crate::map::Map;
use crate::map::typed::{TypedMap, check_type, typed_map};
use crate::ring::claim::Claim;
use crate::ring::producer::RingProducer;

/// A ring buffer (`BPF_MAP_TYPE_USER_RINGBUF`) that this process fills and programs drain with
/// `bpf_user_ringbuf_drain`; of records of one type, or of bytes if that is not said.
///
/// # Kernel
/// Since 6.1.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// # let map = osmia::Map::by_id(&osmia::Kernel::running()?, 1)?;
/// let orders = osmia::UserRingBuf::<u64>::try_from(map)?;
/// let mut producer = orders.producer()?;
/// if !producer.send(&42)? {
///     println!("the programs are slow, there is no room");
/// }
/// # Ok(())
/// # }
/// ```
pub struct UserRingBuf<T: ?Sized = [u8]> {
    map: Map,
    types: PhantomData<fn() -> Box<T>>,
}

typed_map!([T: ?Sized] UserRingBuf<T>);

impl<T: ?Sized> TypedMap for UserRingBuf<T> {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "UserRingBuf", &[MapType::USER_RINGBUF])?;
        Ok(Self { map, types: PhantomData })
    }
}

impl<T: ?Sized> UserRingBuf<T> {
    /// Who fills the ring. There is one at a time.
    ///
    /// # Errors
    /// `Busy`: this process has a producer of the ring already.
    pub fn producer(&self) -> Result<RingProducer<T>, Error> {
        let kernel = self.map.kernel("filling its ring")?;
        let claim = Claim::new(self.map.info()?.id, self.name())?;
        RingProducer::new(kernel.bpf(), kernel.fd(), self.name(), claim)
    }

    /// The bytes that the ring has for records and their headers.
    pub fn capacity(&self) -> u32 {
        self.map.max_entries()
    }

    /// The same ring with records of another type.
    pub fn with_records<U: ?Sized>(&self) -> UserRingBuf<U> {
        UserRingBuf { map: self.map.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> Clone for UserRingBuf<T> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> fmt::Debug for UserRingBuf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
