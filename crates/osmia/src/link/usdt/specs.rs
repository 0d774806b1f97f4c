//! What an object's programs know of marks: the maps of `bpf/usdt.bpf.h`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use osmia_object::usdt::{Argument, SpecLayout, UsdtError};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::map::update::UpdateFlags;

/// The map of arguments, and the one that tells which of these a place has.
pub(crate) const SPECS: &str = "__bpf_usdt_specs";
pub(crate) const BY_ADDRESS: &str = "__bpf_usdt_ip_to_spec_id";

/// What the programs of one object are told.
#[derive(Debug)]
pub(crate) struct UsdtSpecs {
    /// Why it cannot be known is told when a program is attached, because objects load all the same.
    layout: Result<SpecLayout, UsdtError>,
    specs: Map,
    /// Where programs look which arguments a place has, if not in its cookie.
    by_address: Option<Map>,
    taken: Mutex<Taken>,
}

/// Which elements are in use.
#[derive(Debug, Default)]
struct Taken {
    /// By their contents: marks with the same arguments and cookies share one.
    ids: HashMap<Vec<u8>, Shared>,
    free: Vec<u32>,
    next: u32,
}

#[derive(Debug)]
struct Shared {
    id: u32,
    users: usize,
}

impl UsdtSpecs {
    pub(crate) fn new(
        layout: Result<SpecLayout, UsdtError>,
        specs: Map,
        by_address: Option<Map>,
    ) -> Self {
        Self { layout, specs, by_address, taken: Mutex::default() }
    }

    /// How the maps are to be filled, if they are those of the header.
    fn layout(&self) -> Result<&SpecLayout, Error> {
        let layout = self.layout.as_ref().map_err(|error| {
            Error::invalid("learn from the object's types what programs are told of marks")
                .caused_by(error.clone())
        })?;
        let by_address = self.by_address.as_ref();
        let of_address = by_address.map(|map| (map.key_size(), map.value_size()));
        if self.specs.value_size() != layout.size()
            || of_address.is_some_and(|sizes| sizes != (8, 4))
        {
            return Err(Error::invalid(format!(
                "maps {SPECS} and {BY_ADDRESS} are not those of bpf/usdt.bpf.h: their sizes are others"
            )));
        }
        Ok(layout)
    }

    /// Whether programs know marks by their addresses and not by cookies.
    pub(crate) fn asks_by_address(&self) -> bool {
        self.by_address.is_some()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the element with these contents.
    fn take(&self, contents: &[u8]) -> Result<u32, Error> {
        let mut taken = self.taken();
        if let Some(shared) = taken.ids.get_mut(contents) {
            shared.users += 1;
            return Ok(shared.id);
        }
        let id = taken.free.last().copied().unwrap_or(taken.next);
        let most = self.specs.max_entries();
        if id >= most {
            return Err(Error::new(
                ErrorKind::Full,
                format!(
                    "map {SPECS} has room for {most} kinds of arguments: define BPF_USDT_MAX_SPEC_CNT larger before the \
                     header is included"
                ),
            ));
        }
        self.specs.update(&id.to_ne_bytes(), contents, UpdateFlags::ANY)?;
        if taken.free.pop().is_none() {
            taken.next += 1;
        }
        taken.ids.insert(contents.to_vec(), Shared { id, users: 1 });
        Ok(id)
    }

    fn give_back(&self, contents: &[u8]) {
        let mut taken = self.taken();
        let Some(shared) = taken.ids.get_mut(contents) else { return };
        shared.users -= 1;
        if shared.users == 0 {
            let id = shared.id;
            taken.ids.remove(contents);
            taken.free.push(id);
        }
    }
}

/// What one attachment has told; it is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    specs: Arc<UsdtSpecs>,
    contents: Vec<Vec<u8>>,
    addresses: Vec<u64>,
    kept: AtomicBool,
}

impl Lease {
    pub(super) fn new(specs: &Arc<UsdtSpecs>) -> Self {
        let kept = AtomicBool::new(false);
        Self { specs: specs.clone(), contents: Vec::new(), addresses: Vec::new(), kept }
    }

    /// Tells programs of these arguments; the number by which they know them.
    pub(super) fn spec(&mut self, arguments: &[Argument], cookie: u64) -> Result<u32, Error> {
        let contents = self.specs.layout()?.encode(arguments, cookie).map_err(|error| {
            Error::invalid("write them down as the object's header has it").caused_by(error)
        })?;
        let id = self.specs.take(&contents)?;
        self.contents.push(contents);
        Ok(id)
    }

    /// Tells programs which arguments the mark at this address has.
    pub(super) fn address(&mut self, address: u64, id: u32) -> Result<(), Error> {
        if let Some(map) = &self.specs.by_address {
            map.update(&address.to_ne_bytes(), &id.to_ne_bytes(), UpdateFlags::NOEXIST).map_err(
                |error| error.during(format!("tell of the mark at {address:#x}, once only")),
            )?;
            self.addresses.push(address);
        }
        Ok(())
    }

    /// Nothing is forgotten.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Relaxed) {
            return;
        }
        for address in &self.addresses {
            if let Some(map) = &self.specs.by_address {
                // It is of no use to anybody, and harms nobody where it stays.
                let _ = map.delete(&address.to_ne_bytes());
            }
        }
        for contents in &self.contents {
            self.specs.give_back(contents);
        }
    }
}
