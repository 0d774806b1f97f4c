//! The newest events of a perf event array.

use std::fmt;
use std::marker::PhantomData;

use osmia_sys::PerfHistory as Memory;
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::error::Error;
use crate::map::Map;
use crate::perf::buffer::PerfBuffer;
use crate::perf::cpus::{Slots, online};
use crate::perf::sample::{Scratch, typed};
use crate::ring::claim::Claim;

/// A flight recorder: programs overwrite the oldest events, nobody has to keep up with them, and the newest are there
/// when they are asked for.
///
/// # Kernel
/// Since 4.7.
///
/// # Examples
/// ```no_run
/// # fn example(mut history: osmia::PerfHistory<u64>) -> Result<(), osmia::Error> {
/// // Something went wrong; what happened before?
/// history.newest(|cpu, event| println!("CPU {cpu}: {event}"))?;
/// # Ok(())
/// # }
/// ```
pub struct PerfHistory<T: ?Sized> {
    rings: Vec<(u32, Memory)>,
    slots: Slots,
    scratch: Scratch,
    /// Held for as long as the history lives, so that nobody else fills the slots.
    _claim: Claim,
    event: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> PerfHistory<T> {
    pub(crate) fn new(map: &Map, buffer: &PerfBuffer, claim: Claim) -> Result<Self, Error> {
        let mut history = Self {
            rings: Vec::new(),
            slots: Slots::new(map),
            scratch: Scratch::default(),
            _claim: claim,
            event: PhantomData,
        };
        for cpu in online()? {
            let slots = &history.slots;
            let Some(output) = slots.open(cpu, buffer, true)? else { continue };
            let memory = Memory::new(output, buffer.pages_of_a_cpu())
                .map_err(|errno| slots.unmapped(cpu, buffer, errno))?;
            slots.put(cpu, &memory)?;
            history.rings.push((cpu, memory));
        }
        Ok(history)
    }

    /// How many events were dropped while a history was being copied; nothing if the kernel does not tell.
    ///
    /// # Kernel
    /// Since 6.0.
    ///
    /// # Errors
    /// `System`: the kernel does not answer.
    pub fn lost(&self) -> Result<Option<u64>, Error> {
        self.rings.iter().try_fold(Some(0), |sum, (_, memory)| {
            let lost = memory.lost().map_err(|errno| self.slots.broken(errno))?;
            Ok(sum.zip(lost).map(|(sum, lost): (u64, u64)| sum.saturating_add(lost)))
        })
    }

    /// The map's name.
    pub fn name(&self) -> &str {
        self.slots.name()
    }
}

impl<T> PerfHistory<T>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
{
    /// Hands the events that are there to `each` with their CPU, CPU by CPU, the newest first; returns how many they
    /// were. They stay there. Events that happen on a CPU while its ring is copied are dropped.
    ///
    /// # Errors
    /// `Malformed`: an event has another size, or a ring says what cannot be.
    pub fn newest(&mut self, mut each: impl FnMut(u32, &T)) -> Result<u64, Error> {
        let Self { rings, slots, scratch, .. } = self;
        let mut count = 0;
        for (cpu, memory) in rings {
            let mut misfit = None;
            let read = memory.newest(|sample| match typed(sample, scratch, slots.name()) {
                Ok(event) => {
                    count += 1;
                    each(*cpu, event);
                }
                Err(error) => misfit = Some(error),
            });
            read.map_err(|errno| slots.broken(errno))?;
            misfit.map_or(Ok(()), Err)?;
        }
        Ok(count)
    }
}

impl<T: ?Sized> Drop for PerfHistory<T> {
    fn drop(&mut self) {
        for (cpu, _) in &self.rings {
            self.slots.take(*cpu);
        }
    }
}

impl<T: ?Sized> fmt::Debug for PerfHistory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerfHistory").field("name", &self.name()).finish_non_exhaustive()
    }
}
