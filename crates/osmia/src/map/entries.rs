//! Walking the elements of a map.

use osmia_sys::{BatchCursor, ENOTSUPP, Errno};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::map::refusal::{Operation, is_hash};

/// How many bytes of elements are asked for at a time.
const BATCH_BYTES: usize = 256 * 1024;
/// How many elements are asked for at a time at most; more do not make it faster.
const BATCH_LIMIT: usize = 4096;
/// How many batches in a row may end without any element because others removed the next one meanwhile.
const INTERRUPTIONS: u32 = 1000;

/// An element of a map by bytes: its key and its value.
pub type Entry<'a> = (&'a [u8], &'a [u8]);

/// The elements of a map, one after the other.
///
/// They are fetched many at a time where the kernel can, and kept in one buffer that each step
/// reuses. The map may change meanwhile: elements that come or go may be seen or not, those that
/// stay are seen, and the walk ends. Where the kernel has no batches for the map's type, a walk
/// that others keep throwing back to its start ends with an error of kind `Busy`.
///
/// # Kernel
/// Batches since 5.6 for hashes and arrays; without them two calls per element.
///
/// # Examples
/// ```no_run
/// # fn all(map: &osmia::Map) -> Result<(), osmia::Error> {
/// let mut entries = map.entries();
/// while let Some((key, value)) = entries.next_entry()? {
///     println!("{key:02x?} {value:02x?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Entries {
    map: Map,
    keys: Vec<u8>,
    values: Vec<u8>,
    /// How many elements the buffers hold, and the next one's place.
    filled: usize,
    next: usize,
    /// How many elements there were before those in the buffers.
    seen: u64,
    /// Whether elements are deleted as they are fetched.
    takes: bool,
    walk: Walk,
}

#[derive(Debug)]
enum Walk {
    Batches { cursor: Option<BatchCursor>, any: bool, interrupted: u32 },
    Keys { steps: u64 },
    Done,
}

/// Whether this is what a kernel answers that has no batches (for this type of map).
pub(crate) fn no_batches(errno: Errno) -> bool {
    errno == ENOTSUPP || errno == Errno::OPNOTSUPP || errno == Errno::INVAL
}

impl Entries {
    pub(crate) fn new(map: &Map) -> Self {
        let (keys, values) = (Vec::new(), Vec::new());
        let walk = if map.key_size() == 0 {
            // It has no keys; asking for the first one says so.
            Walk::Keys { steps: 0 }
        } else {
            Walk::Batches { cursor: None, any: false, interrupted: 0 }
        };
        Self { map: map.clone(), keys, values, filled: 0, next: 0, seen: 0, takes: false, walk }
    }

    /// The elements, each deleted as it is fetched.
    pub(crate) fn taking(map: &Map) -> Self {
        Self { takes: true, ..Self::new(map) }
    }

    /// The next element, key and value; `None` after the last. They are valid until the next call.
    ///
    /// # Errors
    /// `Invalid`: maps of this type cannot be walked; `Permission`: the map was opened for writing
    /// only; `Busy`: others change the map faster than it can be walked. The walk is over then.
    #[inline]
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        if self.next >= self.filled && !self.fill()? {
            return Ok(None);
        }
        let at = self.next;
        self.next += 1;
        let (key_size, value_size) = (self.map.key_size(), self.map.element_size());
        let key = self.keys.get(at * key_size..(at + 1) * key_size);
        let value = self.values.get(at * value_size..(at + 1) * value_size);
        Ok(key.zip(value))
    }

    /// How many elements are still to come.
    pub(crate) fn count_rest(mut self) -> Result<u64, Error> {
        let mut count = (self.filled - self.next) as u64;
        while self.fill()? {
            count += self.filled as u64;
        }
        Ok(count)
    }

    /// Fetches more elements; whether there are any.
    #[cold]
    #[inline(never)]
    fn fill(&mut self) -> Result<bool, Error> {
        self.seen += self.filled as u64;
        (self.filled, self.next) = (0, 0);
        // A hash is walked by its buckets, whose number is fixed; other types by their keys.
        if self.seen > step_limit(&self.map) && !is_hash(self.map.map_type()) {
            self.walk = Walk::Done;
            return Err(too_busy(&self.map));
        }
        while self.filled == 0 {
            let outcome = match self.walk {
                Walk::Batches { .. } => self.fill_by_batch(),
                Walk::Keys { .. } => self.fill_by_key(),
                Walk::Done => return Ok(false),
            };
            if let Err(error) = outcome {
                self.walk = Walk::Done;
                return Err(error);
            }
        }
        Ok(true)
    }

    fn fill_by_batch(&mut self) -> Result<(), Error> {
        if self.keys.is_empty() {
            self.make_room(self.first_room());
        }
        let Walk::Batches { cursor, any, interrupted } = &mut self.walk else { return Ok(()) };
        let place = self.map.place();
        let batched = match self.takes {
            true => place.take_batch(cursor, &mut self.keys, &mut self.values),
            false => place.lookup_batch(cursor, &mut self.keys, &mut self.values),
        };
        self.filled = batched.count;
        let first = !std::mem::replace(any, *any || batched.count > 0);
        let fruitless = batched.count == 0 && batched.end == Err(Errno::INTR);
        *interrupted = if fruitless { *interrupted + 1 } else { 0 };
        let in_vain = *interrupted > INTERRUPTIONS;
        match batched.end {
            // A signal, or elements that vanished, ended the batch early.
            Ok(()) | Err(Errno::INTR) if batched.count > 0 => {}
            Err(Errno::INTR) if in_vain => return Err(too_busy(&self.map)),
            Err(Errno::INTR) => {}
            Ok(()) | Err(Errno::NOENT) => self.walk = Walk::Done,
            // What was copied is good; only if nothing was is the room too small.
            Err(Errno::NOSPC) if batched.count > 0 => {}
            Err(Errno::NOSPC) => self.double_room()?,
            Err(errno) if no_batches(errno) && first => self.walk = Walk::Keys { steps: 0 },
            Err(errno) => return Err(self.map.refused(Operation::Walk, errno)),
        }
        Ok(())
    }

    /// Looks the next key up, and its value.
    fn fill_by_key(&mut self) -> Result<(), Error> {
        let Walk::Keys { steps } = &mut self.walk else { return Ok(()) };
        let place = self.map.place();
        let first = *steps == 0;
        *steps += 1;
        if *steps > step_limit(&self.map) {
            return Err(too_busy(&self.map));
        }
        let mut next = vec![0; self.map.key_size()];
        // What was taken is not there to be followed by another.
        let after = (!first && !self.takes).then_some(&*self.keys);
        match place.next_key(after, &mut next) {
            Ok(()) => self.keys = next,
            Err(Errno::NOENT) => {
                self.walk = Walk::Done;
                return Ok(());
            }
            Err(errno) => return Err(self.map.refused(Operation::Walk, errno)),
        }
        self.values.resize(self.map.element_size(), 0);
        let (fetched, operation) = match self.takes {
            true => (place.lookup_and_delete(&self.keys, &mut self.values, 0), Operation::Take),
            false => (place.lookup(&self.keys, &mut self.values, 0), Operation::Lookup),
        };
        match fetched {
            Ok(()) => self.filled = 1,
            // It went away since, or the slot is empty.
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(self.map.refused(operation, errno)),
        }
        Ok(())
    }

    fn first_room(&self) -> usize {
        let element = self.map.key_size() + self.map.element_size();
        let fits = BATCH_BYTES.checked_div(element).unwrap_or(1);
        let wanted = fits.min(BATCH_LIMIT).min(self.map.max_entries() as usize);
        wanted.max(1)
    }

    fn make_room(&mut self, elements: usize) {
        self.keys.resize(elements * self.map.key_size(), 0);
        self.values.resize(elements * self.map.element_size(), 0);
    }

    /// A bucket of a hash holds more elements than there is room for.
    fn double_room(&mut self) -> Result<(), Error> {
        let now = self.keys.len() / self.map.key_size().max(1);
        // There may be more than `max_entries` for a moment, when elements are replaced.
        if now > 2 * self.map.max_entries() as usize {
            return Err(too_busy(&self.map));
        }
        self.make_room(now * 2);
        Ok(())
    }
}

/// How many keys a walk by keys visits at most: each once, and as many again for those that came
/// meanwhile.
fn step_limit(map: &Map) -> u64 {
    2 * u64::from(map.max_entries()) + 2
}

#[cold]
fn too_busy(map: &Map) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!(
            "iterate map `{}`: others change it faster than it can be walked; some of its elements \
             were seen more than once",
            map.name()
        ),
    )
}
