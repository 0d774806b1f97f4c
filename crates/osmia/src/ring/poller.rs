//! Several ring buffers read together.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use osmia_sys::{Errno, Poller};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::ring::RingReader;
use crate::ring::patience::{Backlog, Patience};

/// Waits for several ring buffers at once and hands each one's events to a function. It can be made on one thread and
/// polled on another.
///
/// # Examples
/// ```no_run
/// # fn example((opens, closes): (osmia::RingReader<u64>, osmia::RingReader<u32>)) -> Result<(), osmia::Error> {
/// use std::time::Duration;
///
/// let mut rings = osmia::RingPoller::new()?;
/// rings.add(opens, |event| println!("open {event}"))?;
/// rings.add(closes, |event| println!("close {event}"))?;
/// while rings.poll(Some(Duration::from_secs(1)))? > 0 {}
/// # Ok(())
/// # }
/// ```
pub struct RingPoller<'a> {
    rings: Vec<Box<dyn Ring + Send + 'a>>,
    poller: Poller,
    patience: Patience,
}

/// A reader with what is done with its events.
trait Ring {
    fn backlog(&mut self) -> Result<Option<Backlog>, Errno>;
    fn drain(&mut self) -> Result<u64, Error>;
}

struct Handled<T: ?Sized, F> {
    reader: RingReader<T>,
    each: F,
}

impl<T, F> Ring for Handled<T, F>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
    F: FnMut(&T),
{
    fn backlog(&mut self) -> Result<Option<Backlog>, Errno> {
        Backlog::of(self.reader.memory())
    }

    fn drain(&mut self) -> Result<u64, Error> {
        self.reader.drain(&mut self.each)
    }
}

impl<'a> RingPoller<'a> {
    /// A poller without rings.
    ///
    /// # Errors
    /// The process has too many descriptors.
    pub fn new() -> Result<Self, Error> {
        let poller = Poller::new().map_err(failed)?;
        Ok(Self { rings: Vec::new(), poller, patience: Patience::default() })
    }

    /// Sets how long the poller may nap while events come in quick succession: see [`RingReader::latency`].
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.patience = Patience::new(latency);
        self
    }

    /// Adds a ring buffer and what is to be done with its events; `T` may be `[u8]`.
    ///
    /// # Errors
    /// The kernel cannot wait for more.
    pub fn add<T>(
        &mut self,
        reader: RingReader<T>,
        each: impl FnMut(&T) + Send + 'a,
    ) -> Result<(), Error>
    where
        T: ?Sized + FromBytes + Immutable + KnownLayout + 'a,
    {
        self.poller.add(&reader, self.rings.len() as u64).map_err(failed)?;
        self.rings.push(Box::new(Handled { reader, each }));
        Ok(())
    }

    /// Waits until some ring has an event, at most this long, or for ever; then hands out all events that are
    /// there. Returns how many they were: 0 if the time is over, or a signal came.
    ///
    /// # Errors
    /// A ring is broken or an event has not its type's size; the other rings' events are still there.
    pub fn poll(&mut self, timeout: Option<Duration>) -> Result<u64, Error> {
        let Self { rings, poller, patience } = self;
        let ready = |(rings, _): &mut (&mut Vec<Box<dyn Ring + Send + 'a>>, &mut Poller)| {
            // All are asked: the kernel wakes only for rings that were found empty.
            rings.iter_mut().try_fold(None, |most: Option<Backlog>, ring| {
                let here = ring.backlog()?;
                Ok(most.zip(here).map(|(most, here)| most.larger(here)).or(most).or(here))
            })
        };
        let sleep = |(_, poller): &mut (&mut Vec<Box<dyn Ring + Send + 'a>>, &mut Poller), left| {
            poller.wait(left).map(|mut ready| ready.next().is_some())
        };
        patience.wait(&mut (rings, poller), timeout, ready, sleep).map_err(failed)?;
        self.consume()
    }

    /// Hands out all events that are there, without waiting; returns how many they were.
    ///
    /// # Errors
    /// As for [`RingPoller::poll`].
    pub fn consume(&mut self) -> Result<u64, Error> {
        self.rings.iter_mut().try_fold(0, |count, ring| Ok(count + ring.drain()?))
    }
}

/// It goes where it is wanted.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<RingPoller<'static>>();
};

fn failed(errno: Errno) -> Error {
    let (kind, what) = match errno {
        Errno::BUSY => (
            ErrorKind::Busy,
            "read ring buffers: another process reads one of them too, and has taken events that are missing here",
        ),
        Errno::BADMSG => {
            (ErrorKind::Malformed, "read ring buffers: the positions of one contradict each other")
        }
        _ => (ErrorKind::System, "wait for ring buffers"),
    };
    Error::new(kind, what).caused_by(errno)
}

impl AsFd for RingPoller<'_> {
    /// Readable when some ring has events.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

impl fmt::Debug for RingPoller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingPoller").field("rings", &self.rings.len()).finish_non_exhaustive()
    }
}
