//! Reading perf event arrays.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use osmia_sys::{Errno, PerfRing, Poller};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::map::Map;
use crate::perf::buffer::PerfBuffer;
use crate::perf::cpus::{Slots, online};
use crate::perf::sample::{Scratch, typed};
use crate::ring::claim::Claim;
use crate::ring::patience::{Backlog, Patience};

pub mod buffer;
mod cpus;
pub mod history;
mod sample;

/// As many samples of one CPU are read before the others have their turn.
const TURN: u32 = 256;

/// The one reader of a perf event array: what programs write on all CPUs with `bpf_perf_event_output`.
///
/// `T` is the type of the events, `[u8]` if they are of several types. There is a ring for each CPU; what comes from one
/// CPU comes in order, and what comes from several in no order. Where a ring is full the kernel counts what it drops:
/// see [`PerfReader::lost`].
///
/// The kernel pads events to a multiple of 8 bytes less 4. A type's size is checked but for that padding, and events
/// as bytes have it at their end.
///
/// The reader waits as [`RingReader`](crate::RingReader) does: while events come it naps, and after a quiet while it
/// sleeps until the kernel wakes it.
///
/// # Kernel
/// Since 4.4.
///
/// # Examples
/// ```no_run
/// # fn example(mut events: osmia::PerfReader<u64>) -> Result<(), osmia::Error> {
/// use std::time::Duration;
///
/// while let Some(event) = events.next_timeout(Duration::from_secs(1))? {
///     println!("{event}");
/// }
/// println!("{} were lost", events.lost()?);
/// # Ok(())
/// # }
/// ```
pub struct PerfReader<T: ?Sized> {
    rings: Vec<Ring>,
    poller: Poller,
    patience: Patience,
    /// The ring that is read from, and how many samples in a row it gave.
    turn: usize,
    streak: u32,
    /// What rings of CPUs that are gone had lost.
    lost_before: u64,
    scratch: Scratch,
    buffer: PerfBuffer,
    slots: Slots,
    /// Held for as long as the reader lives, so that there is no second one.
    _claim: Claim,
    event: PhantomData<fn() -> Box<T>>,
}

/// The ring of a CPU.
struct Ring {
    cpu: u32,
    memory: PerfRing,
}

impl Ring {
    /// What is in the ring, if a sample waits there.
    fn backlog(&mut self) -> Result<Option<Backlog>, Errno> {
        let is_ready = self.memory.is_ready()?;
        Ok(is_ready.then(|| Backlog::new(self.memory.available(), self.memory.size())))
    }
}

/// What a [`PerfReader`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerfRecord<'a, T: ?Sized> {
    /// An event.
    Event {
        /// The CPU that it happened on.
        cpu: u32,
        /// The event.
        event: &'a T,
    },
    /// Before the next event of this CPU, events were dropped because the ring was full.
    Lost {
        /// The CPU.
        cpu: u32,
        /// How many they were.
        count: u64,
    },
}

impl<T: ?Sized> PerfReader<T> {
    pub(crate) fn new(map: &Map, buffer: PerfBuffer, claim: Claim) -> Result<Self, Error> {
        let poller = Poller::new().map_err(|errno| waiting(map.name(), errno))?;
        let mut reader = Self {
            rings: Vec::new(),
            poller,
            patience: Patience::default(),
            turn: 0,
            streak: 0,
            lost_before: 0,
            scratch: Scratch::default(),
            buffer,
            slots: Slots::new(map),
            _claim: claim,
            event: PhantomData,
        };
        reader.follow_cpus()?;
        Ok(reader)
    }

    /// Sets how long the reader may nap while events come in quick succession: see
    /// [`RingReader::latency`](crate::RingReader::latency).
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.patience = Patience::new(latency);
        self
    }

    /// Looks which CPUs are online now: begins to read those that have come, and closes the rings of those that have
    /// gone once what they had is read. Returns whether anything changed.
    ///
    /// The reader has the CPUs that are online when it is made. A program on a CPU that came later is answered
    /// `-ENOENT`, until this is called.
    /// Call it after a CPU has gone, too: the kernel closes its ring, and one that is back before this is called is
    /// taken for one that never went.
    ///
    /// # Errors
    /// The kernel refuses to open a ring.
    pub fn follow_cpus(&mut self) -> Result<bool, Error> {
        let online = online()?;
        let mut changed = false;
        for index in (0..self.rings.len()).rev() {
            let Some(ring) = self.rings.get_mut(index) else { continue };
            let is_ready = ring.memory.is_ready().map_err(|errno| self.slots.broken(errno))?;
            if !online.contains(&ring.cpu) && !is_ready {
                changed = true;
                self.close(index)?;
            }
        }
        for cpu in online {
            if self.rings.iter().all(|ring| ring.cpu != cpu) {
                changed |= self.open(cpu)?;
            }
        }
        Ok(changed)
    }

    fn open(&mut self, cpu: u32) -> Result<bool, Error> {
        let Some(output) = self.slots.open(cpu, &self.buffer, false)? else { return Ok(false) };
        let memory = PerfRing::new(output, self.buffer.pages_of_a_cpu())
            .map_err(|errno| self.slots.unmapped(cpu, &self.buffer, errno))?;
        self.slots.put(cpu, &memory)?;
        let number = u64::from(cpu);
        self.poller.add(&memory, number).map_err(|errno| waiting(self.name(), errno))?;
        self.rings.push(Ring { cpu, memory });
        Ok(true)
    }

    fn close(&mut self, index: usize) -> Result<(), Error> {
        let ring = self.rings.remove(index);
        (self.turn, self.streak) = (0, 0);
        self.slots.take(ring.cpu);
        self.lost_before += ring.memory.lost().map_err(|errno| self.slots.broken(errno))?;
        self.poller.remove(&ring.memory).map_err(|errno| waiting(self.name(), errno))
    }

    /// How many events were dropped because a ring was full, on all CPUs.
    ///
    /// # Kernel
    /// Exact since 6.0. Before, the kernel tells of what it drops when it has room again, so that what was dropped
    /// after the last event of a CPU is not counted.
    ///
    /// # Errors
    /// `System`: the kernel does not tell.
    pub fn lost(&self) -> Result<u64, Error> {
        self.rings.iter().try_fold(self.lost_before, |sum, ring| {
            let lost = ring.memory.lost().map_err(|errno| self.slots.broken(errno))?;
            Ok(sum.saturating_add(lost))
        })
    }

    /// The CPUs that are read.
    pub fn cpus(&self) -> impl Iterator<Item = u32> + '_ {
        self.rings.iter().map(|ring| ring.cpu)
    }

    /// The next event's bytes if one is there, padding included; does not wait.
    ///
    /// # Errors
    /// `Malformed`: a ring says what cannot be.
    #[inline]
    pub fn next_bytes(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some(index) = self.select()? else { return Ok(None) };
        let Some(ring) = self.rings.get_mut(index) else { return Ok(None) };
        ring.memory.next_sample().map_err(|errno| self.slots.broken(errno))
    }

    /// The next event's bytes; waits for one, at most this long. `None` if the time is over, or a signal came.
    ///
    /// # Errors
    /// As for [`PerfReader::next_bytes`].
    pub fn next_bytes_timeout(&mut self, timeout: Duration) -> Result<Option<&[u8]>, Error> {
        self.wait(Some(timeout))?;
        self.next_bytes()
    }

    /// Waits until an event is there, at most this long, or for ever. Says whether one is; a signal ends the wait
    /// early.
    ///
    /// Where [`PerfBuffer`] asks the kernel to wake the reader after several events or bytes only, fewer are found
    /// when the time is over.
    ///
    /// # Errors
    /// As for [`PerfReader::next_bytes`].
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        let Self { rings, poller, patience, slots, .. } = self;
        let ready = |(rings, _): &mut (&mut Vec<Ring>, &mut Poller)| {
            // All are asked, which gives back their room before a sleep.
            rings.iter_mut().try_fold(None, |most: Option<Backlog>, ring| {
                let here = ring.backlog()?;
                Ok(most.zip(here).map(|(most, here)| most.larger(here)).or(most).or(here))
            })
        };
        let sleep = |(_, poller): &mut (&mut Vec<Ring>, &mut Poller), left| {
            poller.wait(left).map(|mut ready| ready.next().is_some())
        };
        let waited = patience.wait(&mut (rings, poller), timeout, ready, sleep);
        waited.map_err(|errno| slots.broken(errno))
    }

    /// Whether an event is there; what was read is given back if there is none.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_ready(&mut self) -> Result<bool, Error> {
        Ok(self.select()?.is_some())
    }

    /// Hands all events that are there to `each`; returns how many they were.
    ///
    /// # Errors
    /// As for [`PerfReader::next_bytes`], and what `each` returns, which ends it.
    pub fn drain_bytes(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(sample) = self.next_bytes()? {
            count += 1;
            each(sample)?;
        }
        Ok(count)
    }

    /// The map's name.
    pub fn name(&self) -> &str {
        self.slots.name()
    }

    /// The ring whose turn it is, if any has a sample.
    #[inline]
    fn select(&mut self) -> Result<Option<usize>, Error> {
        if self.streak >= TURN {
            (self.turn, self.streak) = (self.turn + 1, 0);
        }
        for _ in 0..self.rings.len() {
            if self.turn >= self.rings.len() {
                self.turn = 0;
            }
            let Some(ring) = self.rings.get_mut(self.turn) else { break };
            if ring.memory.is_ready().map_err(|errno| self.slots.broken(errno))? {
                self.streak += 1;
                return Ok(Some(self.turn));
            }
            (self.turn, self.streak) = (self.turn + 1, 0);
        }
        Ok(None)
    }
}

impl<T> PerfReader<T>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
{
    /// The next event if one is there; does not wait.
    ///
    /// # Errors
    /// `Malformed`: the program wrote an event of another size, which is told and passed over; and as for
    /// [`PerfReader::next_bytes`].
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<&T>, Error> {
        let Some(index) = self.select()? else { return Ok(None) };
        let Self { rings, scratch, slots, .. } = self;
        let Some(ring) = rings.get_mut(index) else { return Ok(None) };
        match ring.memory.next_sample() {
            Ok(Some(sample)) => typed(sample, scratch, slots.name()).map(Some),
            Ok(None) => Ok(None),
            Err(errno) => Err(slots.broken(errno)),
        }
    }

    /// The next event; waits for one, at most this long. `None` if the time is over, or a signal came.
    ///
    /// # Errors
    /// As for [`PerfReader::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<&T>, Error> {
        self.wait(Some(timeout))?;
        self.next()
    }

    /// The next event with its CPU, or how many were lost before it; does not wait.
    ///
    /// # Errors
    /// As for [`PerfReader::next`].
    pub fn next_record(&mut self) -> Result<Option<PerfRecord<'_, T>>, Error> {
        let Some(index) = self.select()? else { return Ok(None) };
        let Self { rings, scratch, slots, .. } = self;
        let Some(Ring { cpu, memory }) = rings.get_mut(index) else { return Ok(None) };
        let (cpu, count) = (*cpu, memory.take_lost());
        if count > 0 {
            return Ok(Some(PerfRecord::Lost { cpu, count }));
        }
        match memory.next_sample() {
            Ok(Some(sample)) => typed(sample, scratch, slots.name())
                .map(|event| Some(PerfRecord::Event { cpu, event })),
            Ok(None) => Ok(None),
            Err(errno) => Err(slots.broken(errno)),
        }
    }

    /// Hands all events that are there to `each`; returns how many they were. This is the fastest way to read.
    ///
    /// # Errors
    /// As for [`PerfReader::next`].
    pub fn drain(&mut self, mut each: impl FnMut(&T)) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(event) = self.next()? {
            count += 1;
            each(event);
        }
        Ok(count)
    }
}

#[cold]
fn waiting(name: &str, errno: Errno) -> Error {
    Error::new(ErrorKind::System, format!("wait for perf event array `{name}`")).caused_by(errno)
}

impl<T: ?Sized> Drop for PerfReader<T> {
    fn drop(&mut self) {
        // The map would keep the rings, for as long as anybody has the map.
        for ring in &self.rings {
            self.slots.take(ring.cpu);
        }
    }
}

impl<T: ?Sized> AsFd for PerfReader<T> {
    /// Readable when events were written since it was last waited for. What was there before does not count, so
    /// read until there is nothing before waiting.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

impl<T: ?Sized> fmt::Debug for PerfReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerfReader")
            .field("name", &self.name())
            .field("cpus", &self.cpus().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
