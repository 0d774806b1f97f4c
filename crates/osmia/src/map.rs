//! Maps, by bytes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use osmia_abi::flags::BPF_NOEXIST;
use osmia_abi::{MapType, flags};
use osmia_sys::{Bpf, Errno, MapFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::refusal::by_id;
use crate::map::entries::Entries;
use crate::map::ids::MapIds;
use crate::map::info::MapInfo;
use crate::map::inner_map::MakeInner;
use crate::map::kernel_map::KernelMap;
use crate::map::place::{MapPlace, Shape};
use crate::map::refusal::{Operation, only_in_kernel, refused, wrong_size};
use crate::map::update::{UpdateFlags, Updated};
use crate::pin;

pub mod array;
pub mod array_of_maps;
pub mod entries;
pub mod hash_of_maps;
pub mod ids;
pub mod info;
pub mod inner_map;
pub(crate) mod kernel_map;
pub mod per_cpu;
pub mod perf_event_array;
pub(crate) mod place;
pub mod program_array;
pub(crate) mod refusal;
pub mod ring_buf;
pub mod stack_traces;
pub mod table;
pub(crate) mod typed;
pub mod update;
pub mod user_ring_buf;

/// A map of any type, its keys and values as bytes.
///
/// Typed handles ([`HashMap`](crate::HashMap), [`Array`](crate::Array), [`RingBuf`](crate::RingBuf)
/// and others) are made of it and check the sizes once. Clones are handles of the same map, which
/// lives as long as one of them, a program that uses it, or a pin.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// use osmia::{Kernel, Map};
///
/// let map = Map::by_id(&Kernel::running()?, 42)?;
/// println!("{} has {} elements", map.name(), map.count()?);
/// let mut entries = map.entries();
/// while let Some((key, value)) = entries.next_entry()? {
///     println!("{key:02x?} {value:02x?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Map(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    place: Arc<dyn MapPlace>,
    /// Of a map of maps that its object is known of.
    slots: Option<Arc<dyn MakeInner>>,
}

impl Map {
    pub(crate) fn new(name: impl Into<String>, place: impl MapPlace + 'static) -> Self {
        Self(Arc::new(Inner { name: name.into(), place: Arc::new(place), slots: None }))
    }

    /// The same map of maps, of which is known how to make maps for it.
    pub(crate) fn with_inner(&self, inner: impl MakeInner + 'static) -> Self {
        let Inner { name, place, .. } = &*self.0;
        let (name, place) = (name.clone(), Arc::clone(place));
        Self(Arc::new(Inner { name, place, slots: Some(Arc::new(inner)) }))
    }

    /// The map with this id.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// `NotFound`: there is none; `Permission`.
    pub fn by_id(kernel: &Kernel, id: u32) -> Result<Self, Error> {
        let fd = kernel.bpf().map_by_id(id, 0);
        let fd = fd.map_err(|errno| by_id(kernel, "map", id, errno))?;
        Self::of_fd(kernel.bpf(), fd)
    }

    /// The map that is pinned at `path`.
    ///
    /// # Kernel
    /// Since 4.4.
    ///
    /// # Errors
    /// `NotFound`: there is no such file; `Invalid`: something else than a map is pinned there.
    pub fn from_pin(kernel: &Kernel, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let fd = pin::open(kernel, "map", path)?;
        let fd = MapFd::new(kernel.bpf(), fd).map_err(|errno| {
            Error::invalid(format!("what is pinned at {} is not a map", path.display()))
                .caused_by(errno)
        })?;
        Self::of_fd(kernel.bpf(), fd)
    }

    /// The map that a descriptor is of, which was received or opened by other means.
    ///
    /// # Kernel
    /// Since 4.13.
    ///
    /// # Errors
    /// `Invalid`: the descriptor is of something else.
    pub fn from_fd(kernel: &Kernel, fd: OwnedFd) -> Result<Self, Error> {
        let fd = MapFd::new(kernel.bpf(), fd).map_err(|errno| {
            Error::invalid("the descriptor is not one of a map").caused_by(errno)
        })?;
        Self::of_fd(kernel.bpf(), fd)
    }

    /// The arena that a descriptor is of, mapped at the address where other processes have it; all must
    /// have it at the same. That is known if it was made for one (`map_extra`), else from such a process.
    ///
    /// # Kernel
    /// Since 6.9.
    ///
    /// # Errors
    /// `Invalid`: it is no arena, is elsewhere, or the address is taken in this process.
    pub fn arena_at(kernel: &Kernel, fd: OwnedFd, address: u64) -> Result<Self, Error> {
        let fd = MapFd::new(kernel.bpf(), fd).map_err(|errno| {
            Error::invalid("the descriptor is not one of a map").caused_by(errno)
        })?;
        let map = Self::of_fd_at(kernel.bpf(), fd, address)?;
        let is_arena = map.map_type() == MapType::ARENA;
        if is_arena && map.kernel("mapping an arena")?.memory().is_some() {
            return Ok(map);
        }
        let why = if is_arena { "is not to be had" } else { "is no arena to map" };
        Err(Error::invalid(format!("map `{}` {why} at {address:#x}", map.name())))
    }

    /// The maps of a kernel, in the order of their ids.
    ///
    /// # Kernel
    /// Since 4.13, with `CAP_SYS_ADMIN`.
    pub fn all(kernel: &Kernel) -> MapIds {
        MapIds::new(kernel)
    }

    /// The same under the name that its object gives it.
    pub(crate) fn renamed(self, name: &str) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { name: name.to_owned(), ..inner })),
            Err(shared) => Self(shared),
        }
    }

    fn of_fd(bpf: &Bpf, fd: MapFd) -> Result<Self, Error> {
        Self::of_fd_at(bpf, fd, 0)
    }

    /// The same, of an arena that is mapped at this address, or at its own if that is 0.
    fn of_fd_at(bpf: &Bpf, fd: MapFd, address: u64) -> Result<Self, Error> {
        let unknown = |errno| {
            Error::new(ErrorKind::System, "ask the kernel what a map is like").caused_by(errno)
        };
        let info = bpf.map_info(&fd).map_err(unknown)?;
        let name = info::text(&info.name);
        let map = KernelMap::with_max_entries(bpf, fd, info.max_entries);
        let address = match (info.type_, address) {
            (MapType::ARENA, 0) => info.map_extra,
            (MapType::ARENA, address) => address,
            _ => 0,
        };
        Ok(Self::new(name, map.at(address)))
    }

    /// The map's name: that in its object, or the kernel's shortened one.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The map's type.
    pub fn map_type(&self) -> MapType {
        self.shape().map_type
    }

    /// The bytes of a key; 0 for maps without keys.
    pub fn key_size(&self) -> usize {
        self.shape().key_size
    }

    /// The bytes of a value, of one CPU where each has its own.
    pub fn value_size(&self) -> usize {
        self.shape().value_size
    }

    /// The bytes of an element's value as look-ups return and updates take it: where each CPU has a
    /// value of its own those of all possible CPUs, each padded to a multiple of 8.
    pub fn element_size(&self) -> usize {
        self.shape().element_size()
    }

    /// The most elements; the bytes of a ring buffer.
    pub fn max_entries(&self) -> u32 {
        self.shape().max_entries
    }

    /// Copies the value of `key` into `value`; whether the key is there.
    ///
    /// # Errors
    /// `Invalid`: a slice has not the map's size, or maps of this type have no look-up.
    #[inline]
    pub fn lookup_into(&self, key: &[u8], value: &mut [u8]) -> Result<bool, Error> {
        self.found(Operation::Lookup, key, value.len(), |place| place.lookup(key, value, 0))
    }

    /// The value of `key`, if it is there.
    ///
    /// # Errors
    /// As for [`lookup_into`](Self::lookup_into).
    pub fn lookup(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut value = vec![0; self.element_size()];
        Ok(self.lookup_into(key, &mut value)?.then_some(value))
    }

    /// The value of `key` as it is under the spin lock in it (`BPF_F_LOCK`), whole whoever writes it
    /// under that: programs, or [`UpdateFlags::LOCK`].
    ///
    /// # Kernel
    /// Since 5.1, for values with a `struct bpf_spin_lock`, which reads as zeros.
    ///
    /// # Errors
    /// As for [`lookup_into`](Self::lookup_into), and if the value has no lock.
    pub fn lookup_locked(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut value = vec![0; self.element_size()];
        let found = self.found(Operation::Lookup, key, value.len(), |place| {
            place.lookup(key, &mut value, UpdateFlags::LOCK.0)
        })?;
        Ok(found.then_some(value))
    }

    /// Deletes `key` and copies its value into `value`; whether the key was there. Queues and
    /// stacks have an empty key.
    ///
    /// # Kernel
    /// Queues and stacks since 4.20, hashes since 5.14.
    ///
    /// # Errors
    /// As for [`lookup_into`](Self::lookup_into).
    pub fn take_into(&self, key: &[u8], value: &mut [u8]) -> Result<bool, Error> {
        self.found(Operation::Take, key, value.len(), |place| {
            place.lookup_and_delete(key, value, 0)
        })
    }

    /// Writes the value of `key`, and says what that did where the kernel tells: under
    /// [`UpdateFlags::NOEXIST`] and [`UpdateFlags::EXIST`], and for arrays. [`insert`](Self::insert)
    /// always says.
    ///
    /// # Errors
    /// `Exists` under `NOEXIST`, `NotFound` under `EXIST`; `Full`; `Permission`: it is frozen;
    /// `Invalid`: a slice has not the map's size.
    #[inline]
    pub fn update(&self, key: &[u8], value: &[u8], flags: UpdateFlags) -> Result<Updated, Error> {
        match self.try_update(key, value, flags)? {
            Ok(updated) => Ok(updated),
            Err(errno) => Err(self.refused(Operation::Update(flags), errno)),
        }
    }

    /// Writes the value of `key` whether it is there or not, and says whether it was. Costs a second
    /// call where it was.
    ///
    /// # Errors
    /// As for [`update`](Self::update) without a condition.
    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<Updated, Error> {
        /// How often others may put the key in and take it out between our two calls.
        const ATTEMPTS: usize = 4;
        if self.shape().is_array() {
            return self.update(key, value, UpdateFlags::ANY);
        }
        for _ in 0..ATTEMPTS {
            match self.try_update(key, value, UpdateFlags::NOEXIST)? {
                Ok(updated) => return Ok(updated),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.refused(Operation::Update(UpdateFlags::ANY), errno)),
            }
            match self.try_update(key, value, UpdateFlags::EXIST)? {
                Ok(updated) => return Ok(updated),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(self.refused(Operation::Update(UpdateFlags::ANY), errno)),
            }
        }
        self.update(key, value, UpdateFlags::ANY)
    }

    /// Deletes `key`; whether it was there.
    ///
    /// # Errors
    /// `Invalid`: the key has not the map's size, or elements cannot be deleted; `Permission`: the
    /// map is frozen.
    #[inline]
    pub fn delete(&self, key: &[u8]) -> Result<bool, Error> {
        self.check_key(key)?;
        match self.place().delete(key) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.refused(Operation::Delete, errno)),
        }
    }

    /// The key after `key`, or the first one where none is given; a key that is not in a hash is
    /// followed by the first one. `None` after the last.
    ///
    /// # Errors
    /// `Invalid`: the key has not the map's size, or the map has no keys.
    pub fn next_key(&self, key: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
        key.map_or(Ok(()), |key| self.check_key(key))?;
        let mut next = vec![0; self.key_size()];
        match self.place().next_key(key, &mut next) {
            Ok(()) => Ok(Some(next)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused(Operation::Walk, errno)),
        }
    }

    /// All elements, many at a time where the kernel can; see [`Entries`].
    pub fn entries(&self) -> Entries {
        Entries::new(self)
    }

    /// All elements, each deleted by the call that fetches it, many at a time where the kernel can.
    ///
    /// They are gone once they are fetched: those that were fetched together with the one at which a caller stops are
    /// lost to it.
    ///
    /// # Kernel
    /// Since 5.6 for hashes, per-CPU and LRU ones too; without batches, as for [`take_into`](Self::take_into).
    ///
    /// # Errors
    /// [`Entries::next_entry`] tells them: as for [`take_into`](Self::take_into).
    pub fn drain(&self) -> Entries {
        Entries::taking(self)
    }

    /// All elements, each with a key and a value of its own.
    pub fn iter(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), Error>> + use<> {
        let mut entries = self.entries();
        std::iter::from_fn(move || match entries.next_entry() {
            Ok(entry) => entry.map(|(key, value)| Ok((key.to_vec(), value.to_vec()))),
            Err(error) => Some(Err(error)),
        })
    }

    /// How many elements there are. Types of key and value need not be known.
    ///
    /// An array has as many as it was made for; of maps of descriptors (program arrays and the like)
    /// the slots in use count.
    ///
    /// # Errors
    /// As for [`Entries::next_entry`].
    pub fn count(&self) -> Result<u64, Error> {
        if self.shape().is_array() {
            return Ok(u64::from(self.max_entries()));
        }
        self.entries().count_rest()
    }

    /// Writes elements, keys and values side by side, up to the first that is refused; how many were
    /// written. One call where the kernel can.
    ///
    /// # Kernel
    /// Batches since 5.6; on older kernels elements are written one by one.
    ///
    /// # Errors
    /// As for [`update`](Self::update); the message says how many were written before.
    pub fn update_batch(
        &self,
        keys: &[u8],
        values: &[u8],
        flags: UpdateFlags,
    ) -> Result<usize, Error> {
        let count = self.check_many(keys, Some(values))?;
        let batched = self.place().update_batch(keys, values, flags.0);
        self.batched(Operation::Update(flags), batched, count, || {
            let elements = keys.chunks_exact(self.key_size().max(1));
            let elements = elements.zip(values.chunks_exact(self.element_size().max(1)));
            one_by_one(elements, |(key, value)| self.place().update(key, value, flags.0))
        })
    }

    /// Deletes keys side by side, up to the first that is refused; how many were deleted.
    ///
    /// # Kernel
    /// Batches since 5.6; on older kernels keys are deleted one by one.
    ///
    /// # Errors
    /// As for [`delete`](Self::delete), and `NotFound` for a key that is not there; the message says
    /// how many were deleted before.
    pub fn delete_batch(&self, keys: &[u8]) -> Result<usize, Error> {
        let count = self.check_many(keys, None)?;
        let batched = self.place().delete_batch(keys);
        self.batched(Operation::Delete, batched, count, || {
            let keys = keys.chunks_exact(self.key_size().max(1));
            one_by_one(keys, |key| self.place().delete(key))
        })
    }

    /// What the kernel tells of the map.
    ///
    /// # Kernel
    /// Since 4.13.
    ///
    /// # Errors
    /// `Invalid`: the map is not in a kernel.
    pub fn info(&self) -> Result<MapInfo, Error> {
        let kernel = self.kernel("asking for its info")?;
        let info = kernel.bpf().map_info(kernel.fd()).map_err(|errno| {
            Error::new(ErrorKind::System, format!("ask for the info of map `{}`", self.name()))
                .caused_by(errno)
        })?;
        Ok(MapInfo::new(&info))
    }

    /// Gives the map a name in a bpf file system, which keeps it alive.
    ///
    /// # Kernel
    /// Since 4.4.
    ///
    /// # Errors
    /// `Exists`: the name is taken; `NotFound`: its directory does not exist; `Invalid`: that is
    /// not in a bpf file system; `Permission`.
    pub fn pin(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let kernel = self.kernel("pinning")?;
        let what = format!("map `{}`", self.name());
        pin::pin(kernel.bpf(), &what, kernel.fd(), path.as_ref())
    }

    /// Forbids this and all other processes to change the map by system calls; programs still may.
    ///
    /// # Kernel
    /// Since 5.2.
    ///
    /// # Errors
    /// `Busy`: it is mapped for writing; `Permission`: it is frozen already, or opened for reading
    /// only.
    pub fn freeze(&self) -> Result<(), Error> {
        let kernel = self.kernel("freezing")?;
        kernel.bpf().map_freeze(kernel.fd()).map_err(|errno| {
            let (kind, why) = match errno {
                Errno::BUSY => (ErrorKind::Busy, ": it is frozen already, or mapped for writing"),
                Errno::PERM => {
                    (ErrorKind::Permission, ": it is frozen already, or opened for reading only")
                }
                _ => (ErrorKind::System, ""),
            };
            Error::new(kind, format!("freeze map `{}`{why}", self.name())).caused_by(errno)
        })
    }

    /// The map's descriptor.
    ///
    /// # Errors
    /// `Invalid`: the map is not in a kernel.
    pub fn fd(&self) -> Result<BorrowedFd<'_>, Error> {
        Ok(self.kernel("borrowing its descriptor")?.fd().as_fd())
    }

    #[inline]
    pub(crate) fn place(&self) -> &dyn MapPlace {
        &*self.0.place
    }

    #[inline]
    pub(crate) fn shape(&self) -> &Shape {
        self.place().shape()
    }

    /// The map in the kernel; `what` is for the error where it is somewhere else.
    pub(crate) fn kernel(&self, what: &str) -> Result<&KernelMap, Error> {
        self.place().kernel().ok_or_else(|| only_in_kernel(self.name(), what))
    }

    #[cold]
    pub(crate) fn refused(&self, operation: Operation, errno: Errno) -> Error {
        refused(self.name(), self.shape(), operation, errno)
    }

    /// A call that reads a value; whether the key was there.
    #[inline]
    fn found(
        &self,
        operation: Operation,
        key: &[u8],
        value_len: usize,
        call: impl FnOnce(&dyn MapPlace) -> Result<(), Errno>,
    ) -> Result<bool, Error> {
        self.check_key(key)?;
        self.check_value(value_len)?;
        match call(self.place()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.refused(operation, errno)),
        }
    }

    /// One update; the inner error is the kernel's.
    #[inline]
    fn try_update(
        &self,
        key: &[u8],
        value: &[u8],
        flags: UpdateFlags,
    ) -> Result<Result<Updated, Errno>, Error> {
        self.check_key(key)?;
        self.check_value(value.len())?;
        let done = self.place().update(key, value, flags.0);
        Ok(done.map(|()| match flags.condition() {
            BPF_NOEXIST => Updated::Inserted,
            flags::BPF_EXIST => Updated::Replaced,
            _ if self.shape().is_array() => Updated::Replaced,
            _ => Updated::Either,
        }))
    }

    #[inline]
    fn check_key(&self, key: &[u8]) -> Result<(), Error> {
        let has = self.key_size();
        if key.len() == has { Ok(()) } else { Err(wrong_size(self.name(), "key", has, key.len())) }
    }

    #[inline]
    fn check_value(&self, given: usize) -> Result<(), Error> {
        let has = self.element_size();
        if given == has { Ok(()) } else { Err(wrong_size(self.name(), "value", has, given)) }
    }

    /// How many elements slices hold that have them side by side.
    fn check_many(&self, keys: &[u8], values: Option<&[u8]>) -> Result<usize, Error> {
        let count = keys.len().checked_div(self.key_size()).unwrap_or(0);
        if count.checked_mul(self.key_size()) != Some(keys.len()) {
            return Err(wrong_size(self.name(), "key", self.key_size(), keys.len()));
        }
        let room = count.checked_mul(self.element_size());
        match values {
            Some(values) if room != Some(values.len()) => Err(Error::invalid(format!(
                "map `{}`: {count} keys go with {count} values of {} bytes, {} bytes are given",
                self.name(),
                self.element_size(),
                values.len()
            ))),
            _ => Ok(count),
        }
    }

    /// What became of a batch, or of its elements one by one where there are no batches.
    fn batched(
        &self,
        operation: Operation,
        batched: osmia_sys::Batched,
        count: usize,
        singly: impl FnOnce() -> (usize, Result<(), Errno>),
    ) -> Result<usize, Error> {
        let (done, end) = match (batched.count, batched.end) {
            (0, Err(errno)) if entries::no_batches(errno) => singly(),
            (done, end) => (done, end),
        };
        match end {
            Ok(()) => Ok(done),
            Err(errno) => {
                let refused = self.refused(operation, errno);
                Err(refused.during(format!("{done} of {count} elements are done")))
            }
        }
    }
}

/// Does what a batch does; how far it came, and why not further.
fn one_by_one<E>(
    elements: impl Iterator<Item = E>,
    mut call: impl FnMut(E) -> Result<(), Errno>,
) -> (usize, Result<(), Errno>) {
    let mut done = 0;
    for element in elements {
        if let Err(errno) = call(element) {
            return (done, Err(errno));
        }
        done += 1;
    }
    (done, Ok(()))
}
