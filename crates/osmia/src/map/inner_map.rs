//! Maps for the slots of other maps.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd as _, AsRawFd as _};

use osmia_sys::Errno;
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::map::typed::TypedMap;
use crate::map::update::UpdateFlags;

/// What makes maps as the slots of a map take them.
pub(crate) trait MakeInner: Send + Sync + fmt::Debug {
    /// Makes one of this name and size, if they are other than the object says.
    fn make(&self, name: Option<&str>, max_entries: Option<u32>) -> Result<Map, Error>;
}

/// A map that is to be made for a slot of an [`ArrayOfMaps`](crate::ArrayOfMaps) or a
/// [`HashOfMaps`](crate::HashOfMaps): as the object says that inner maps look.
///
/// # Examples
/// ```no_run
/// # fn add(tenants: &osmia::ArrayOfMaps<osmia::HashMap<u32, u64>>) -> Result<(), osmia::Error> {
/// let counts = tenants.inner().name("tenant_3").max_entries(64).create()?;
/// counts.set(&7, &1)?;
/// tenants.set(3, &counts)
/// # }
/// ```
#[must_use = "it is made by `create`"]
pub struct InnerMap<M> {
    outer: Map,
    name: Option<String>,
    max_entries: Option<u32>,
    types: PhantomData<fn() -> M>,
}

impl<M: TypedMap> InnerMap<M> {
    pub(crate) fn of(outer: &Map) -> Self {
        Self { outer: outer.clone(), name: None, max_entries: None, types: PhantomData }
    }

    /// Gives it a name of its own.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Makes it of another size than the object says.
    ///
    /// # Kernel
    /// The slots of a map take maps of different sizes since 5.10; arrays only if they are declared with
    /// `BPF_F_INNER_MAP`.
    pub fn max_entries(mut self, max_entries: u32) -> Self {
        self.max_entries = Some(max_entries);
        self
    }

    /// Makes the map. It is in no slot yet, and is gone with its last handle if it gets into none.
    ///
    /// # Errors
    /// `Invalid`: the outer map is not known from an object that says what its inner maps look like, but was
    /// opened by its id or pin; `Permission`.
    pub fn create(self) -> Result<M, Error> {
        let outer = self.outer.name();
        let attempt = || format!("make a map for a slot of `{outer}`");
        let Some(inner) = &self.outer.0.slots else {
            let why = "no object that was loaded says what they look like";
            return Err(Error::invalid(why).during(attempt()));
        };
        let made = inner.make(self.name.as_deref(), self.max_entries);
        made.and_then(M::from_map).map_err(|error| error.during(attempt()))
    }
}

impl<M> fmt::Debug for InnerMap<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InnerMap")
            .field("outer", &self.outer.name())
            .field("name", &self.name)
            .field("max_entries", &self.max_entries)
            .finish()
    }
}

/// The map in the slot of `key`, if there is one.
pub(crate) fn get<M: TypedMap>(outer: &Map, key: &[u8]) -> Result<Option<M>, Error> {
    let mut id = 0_u32;
    if !outer.lookup_into(key, id.as_mut_bytes())? {
        return Ok(None);
    }
    open(outer, id)
}

/// The inner map with this id; `None` if it was taken out and is gone since it was seen.
fn open<M: TypedMap>(outer: &Map, id: u32) -> Result<Option<M>, Error> {
    let attempt = || format!("open map {id}, which is in a slot of `{}`", outer.name());
    let bpf = outer.kernel("opening its inner maps")?.bpf();
    let fd = match bpf.map_by_id(id, 0) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno @ (Errno::PERM | Errno::ACCESS)) => {
            let why = "the kernel tells which map it is only by its id: that takes CAP_SYS_ADMIN";
            let error = Error::new(ErrorKind::Permission, why).caused_by(errno);
            return Err(error.during(attempt()));
        }
        Err(errno) => return Err(Error::new(ErrorKind::System, attempt()).caused_by(errno)),
    };
    let map = Map::of_fd(bpf, fd).and_then(M::from_map);
    map.map(Some).map_err(|error| error.during(attempt()))
}

/// Puts a map into the slot of `key`.
pub(crate) fn set<M: TypedMap>(
    outer: &Map,
    key: &[u8],
    inner: &M,
    flags: UpdateFlags,
) -> Result<(), Error> {
    let inner = inner.untyped();
    let fd = inner.kernel("being in a slot of a map")?.fd().as_fd().as_raw_fd();
    match outer.try_update(key, fd.as_bytes(), flags)? {
        Ok(_) => Ok(()),
        Err(errno) => Err(refused(outer, inner, flags, errno)),
    }
}

#[cold]
fn refused(outer: &Map, inner: &Map, flags: UpdateFlags, errno: Errno) -> Error {
    let error = match errno {
        Errno::INVAL => Error::invalid(
            "it is not like the maps that the outer one was made for: type, sizes of keys and values, flags \
             and what values hold must be the same; before 5.10, and for arrays without BPF_F_INNER_MAP, \
             max_entries too",
        )
        .caused_by(errno),
        _ => outer.refused(crate::map::refusal::Operation::Update(flags), errno),
    };
    error.during(format!("put map `{}` into a slot of `{}`", inner.name(), outer.name()))
}

/// The keys whose slots have maps, and those.
pub(crate) fn iter<M: TypedMap>(
    outer: &Map,
) -> impl Iterator<Item = Result<(Vec<u8>, M), Error>> + use<M> {
    let (outer, mut entries) = (outer.clone(), Some(outer.entries()));
    std::iter::from_fn(move || {
        loop {
            let next = match entries.as_mut()?.next_entry() {
                Ok(Some((key, id))) => u32::read_from_bytes(id).map(|id| (key.to_vec(), id)).ok(),
                Ok(None) => None,
                Err(error) => {
                    entries = None;
                    return Some(Err(error));
                }
            };
            let (key, id) = next?;
            match open(&outer, id) {
                Ok(Some(map)) => return Some(Ok((key, map))),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    })
}
