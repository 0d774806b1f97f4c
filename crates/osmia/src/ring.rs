//! Reading ring buffers.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use osmia_sys::{Bpf, Errno, MapFd, RingMemory, RingPositions};
use zerocopy::{FromBytes, Immutable, KnownLayout, PointerMetadata as _};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::ring::claim::Claim;
use crate::ring::patience::{Backlog, Patience};

pub(crate) mod claim;
pub(crate) mod patience;
pub mod poller;
pub mod producer;
#[cfg(feature = "tokio")]
pub mod tokio;

/// The one reader of a ring buffer, which gives out its events without copying them.
///
/// `T` is the type of the events, `[u8]` if they are of several types. An event is borrowed from the ring until
/// the next call; the kernel overwrites nothing that is borrowed, and an event is seen only once the program has
/// submitted it whole.
///
/// While events come in quick succession the reader does not sleep on the ring but naps briefly, because waking
/// a sleeper costs the program and the reader far more than the event does. [`RingReader::latency`] sets how long
/// such a nap may be. After a quiet while it sleeps until the kernel wakes it.
///
/// # Kernel
/// Ring buffers are there since 5.8.
///
/// # Examples
/// ```no_run
/// # fn example(mut events: osmia::RingReader<u64>) -> Result<(), osmia::Error> {
/// use std::time::Duration;
///
/// while let Some(event) = events.next_timeout(Duration::from_secs(1))? {
///     println!("{event}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct RingReader<T: ?Sized> {
    memory: RingMemory,
    patience: Patience,
    name: String,
    /// Held for as long as the reader lives, so that there is no second one.
    _claim: Claim,
    event: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> RingReader<T> {
    pub(crate) fn new(bpf: &Bpf, map: &MapFd, name: &str, claim: Claim) -> Result<Self, Error> {
        let memory = RingMemory::new(bpf, map).map_err(|errno| {
            let message = match errno {
                Errno::INVAL => format!("map `{name}` is no ring buffer"),
                Errno::OPNOTSUPP => format!(
                    "ring buffer `{name}` overwrites its oldest events, which then cannot be borrowed"
                ),
                _ => format!("map the memory of ring buffer `{name}`"),
            };
            Error::new(ErrorKind::System, message).caused_by(errno)
        })?;
        let name = name.to_owned();
        Ok(Self { memory, patience: Patience::default(), name, _claim: claim, event: PhantomData })
    }

    /// Sets how long the reader may nap while events come in quick succession, which is how much later than it
    /// was submitted an event may be seen. Longer naps cost less CPU; none at all ([`Duration::ZERO`]) has the
    /// kernel wake the reader for each event that it has caught up with. If not set, naps take 50 microseconds
    /// while few events come and up to half a millisecond when many do, as long as the ring has room for them.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.patience = Patience::new(latency);
        self
    }

    /// The next event's bytes if one is there; does not wait.
    ///
    /// # Errors
    /// `Busy`: another process reads it too; what that one has taken is passed over, and the next call goes on behind
    /// it. `Malformed`: the ring's positions contradict each other.
    #[inline]
    pub fn next_bytes(&mut self) -> Result<Option<&[u8]>, Error> {
        match self.memory.next_record() {
            Ok(record) => Ok(record),
            Err(errno) => Err(broken(&self.name, errno)),
        }
    }

    /// The next event's bytes; waits for one, at most this long. `None` if the time is over, or a signal came.
    ///
    /// # Errors
    /// As for [`RingReader::next_bytes`].
    pub fn next_bytes_timeout(&mut self, timeout: Duration) -> Result<Option<&[u8]>, Error> {
        self.wait(Some(timeout))?;
        self.next_bytes()
    }

    /// Waits until an event is there, at most this long, or for ever. Says whether one is; a signal ends the wait
    /// early.
    ///
    /// # Errors
    /// As for [`RingReader::next_bytes`].
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        let Self { memory, patience, name, .. } = self;
        let sleep = |memory: &mut RingMemory, left| osmia_sys::wait_readable(memory, left);
        patience.wait(memory, timeout, Backlog::of, sleep).map_err(|errno| broken(name, errno))
    }

    /// Hands all events that are there to `each`; returns how many they were. This is the fastest way to read.
    ///
    /// # Errors
    /// As for [`RingReader::next_bytes`], and what `each` returns, which ends it.
    pub fn drain_bytes(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(record) = self.next_bytes()? {
            count += 1;
            each(record)?;
        }
        Ok(count)
    }

    /// Tells the kernel of the room of all events read so far; else it is told now and then, and whenever the
    /// ring is found empty.
    pub fn release(&mut self) {
        self.memory.publish();
    }

    /// Where the program and the reader stand: the four values that `bpf_ringbuf_query` knows.
    pub fn positions(&self) -> RingPositions {
        self.memory.positions()
    }

    /// The ring buffer's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an event is there; what was read is given back if there is none.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_ready(&mut self) -> Result<bool, Error> {
        self.memory.is_ready().map_err(|errno| broken(&self.name, errno))
    }

    pub(crate) fn memory(&mut self) -> &mut RingMemory {
        &mut self.memory
    }
}

impl<T> RingReader<T>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
{
    /// The next event if one is there; does not wait.
    ///
    /// # Errors
    /// `Malformed`: the program submitted an event of another size, which is told and passed over; and as for
    /// [`RingReader::next_bytes`].
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<&T>, Error> {
        match self.memory.next_record() {
            Ok(Some(record)) => typed(record, &self.name).map(Some),
            Ok(None) => Ok(None),
            Err(errno) => Err(broken(&self.name, errno)),
        }
    }

    /// The next event; waits for one, at most this long. `None` if the time is over, or a signal came.
    ///
    /// # Errors
    /// As for [`RingReader::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<&T>, Error> {
        self.wait(Some(timeout))?;
        self.next()
    }

    /// Hands all events that are there to `each`; returns how many they were. This is the fastest way to read.
    ///
    /// # Errors
    /// As for [`RingReader::next`].
    pub fn drain(&mut self, mut each: impl FnMut(&T)) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(event) = self.next()? {
            count += 1;
            each(event);
        }
        Ok(count)
    }
}

/// A record as an event. The kernel aligns records to 8 bytes.
#[inline]
fn typed<'a, T>(record: &'a [u8], name: &str) -> Result<&'a T, Error>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
{
    T::ref_from_bytes(record).map_err(|_| misfit::<T>(record.len(), name))
}

#[cold]
fn misfit<T: ?Sized + KnownLayout>(len: usize, name: &str) -> Error {
    let event = std::any::type_name::<T>();
    let wanted = match T::size_for_metadata(<T as KnownLayout>::PointerMetadata::from_elem_count(0))
    {
        Some(size) => format!("{size} bytes"),
        None => "another size".to_owned(),
    };
    Error::new(
        ErrorKind::Malformed,
        format!(
            "ring buffer `{name}`: an event of {len} bytes came, but `{event}` takes {wanted}; \
             read events of several types as bytes"
        ),
    )
}

#[cold]
fn broken(name: &str, errno: Errno) -> Error {
    match errno {
        Errno::BADMSG => Error::new(
            ErrorKind::Malformed,
            format!("ring buffer `{name}`: its positions contradict each other"),
        ),
        Errno::BUSY => Error::new(
            ErrorKind::Busy,
            format!(
                "ring buffer `{name}`: another process reads it too, and has taken events that are missing here"
            ),
        ),
        errno => {
            Error::new(ErrorKind::System, format!("wait for ring buffer `{name}`")).caused_by(errno)
        }
    }
}

impl<T: ?Sized> AsFd for RingReader<T> {
    /// Readable when events are there.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

impl<T: ?Sized> fmt::Debug for RingReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingReader")
            .field("name", &self.name)
            .field("positions", &self.positions())
            .finish_non_exhaustive()
    }
}
