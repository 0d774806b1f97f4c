//! How a reader waits: briefly while events come, long once it is quiet.

use std::time::{Duration, Instant};

use osmia_sys::{Errno, RingMemory};

/// After so many naps without an event it is quiet.
const NAPS: u32 = 16;
/// How long naps are while few events come.
const SHORT: Duration = Duration::from_micros(50);
/// How long they get when many come, if nobody says otherwise.
const LONG: Duration = Duration::from_micros(500);
/// So many bytes of events in a nap are many.
const MANY: usize = 4096;
/// A ring that gets fuller than one part in so many during a nap might overflow in a longer one.
const ROOM: usize = 4;

/// What came into a ring while its reader waited.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backlog {
    /// The bytes of events that wait.
    bytes: usize,
    /// The ring's size.
    size: usize,
}

impl Backlog {
    pub(crate) fn new(bytes: usize, size: usize) -> Self {
        Self { bytes, size }
    }

    /// What is in the ring, if an event waits there.
    pub(crate) fn of(memory: &mut RingMemory) -> Result<Option<Self>, Errno> {
        if !memory.is_ready()? {
            return Ok(None);
        }
        let positions = memory.positions();
        Ok(Some(Self::new(positions.available, positions.size)))
    }

    /// That of the ring which is more in need of being read.
    pub(crate) fn larger(self, other: Self) -> Self {
        let fills_more = |a: Self, b: Self| a.bytes as u128 * b.size as u128;
        if fills_more(self, other) >= fills_more(other, self) { self } else { other }
    }

    fn is_much(self) -> bool {
        self.bytes >= MANY
    }

    fn is_too_much(self) -> bool {
        self.bytes > self.size / ROOM
    }
}

/// The state of a wait that adapts to the stream of events.
///
/// The kernel wakes a sleeper by an interrupt when a program submits an event that the reader has caught up with.
/// At high rates that happens for nearly each event and costs hundreds of nanoseconds on both sides. A reader
/// that naps instead finds a batch of events each time and is never woken. Each nap costs as much as a thousand
/// events do, and a reader at the writer's heels takes the memory from under its hands: so naps get longer while
/// many events come, unless the ring gets full by that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long naps are at most.
    latency: Duration,
    nap: Duration,
    /// Naps since the last event; beyond [`NAPS`] it is quiet.
    idle: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(LONG)
    }
}

impl Patience {
    pub(crate) fn new(latency: Duration) -> Self {
        // It begins quiet: the first event may be long in coming.
        Self { latency, nap: SHORT.min(latency), idle: NAPS }
    }

    /// Waits until `ready`, which is asked first, or the time is over, or a signal ends a sleep.
    pub(crate) fn wait<S>(
        &mut self,
        source: &mut S,
        timeout: Option<Duration>,
        mut ready: impl FnMut(&mut S) -> Result<Option<Backlog>, Errno>,
        mut sleep: impl FnMut(&mut S, Option<Duration>) -> Result<bool, Errno>,
    ) -> Result<bool, Errno> {
        if ready(source)?.is_some() {
            self.idle = 0;
            return Ok(true);
        }
        let start = Instant::now();
        loop {
            let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            let naps = !self.latency.is_zero() && self.idle < NAPS;
            if naps {
                self.idle += 1;
                std::thread::sleep(left.map_or(self.nap, |left| left.min(self.nap)));
            } else if !sleep(source, left)? {
                // Time is over, or a signal came; an event may have come with it.
                return Ok(ready(source)?.is_some());
            }
            if let Some(backlog) = ready(source)? {
                self.idle = 0;
                self.adapt(backlog);
                return Ok(true);
            }
        }
    }

    /// Makes the next nap longer or shorter, by what came in the last one.
    fn adapt(&mut self, backlog: Backlog) {
        self.nap = if backlog.is_much() && !backlog.is_too_much() {
            (self.nap * 2).min(self.latency)
        } else {
            (self.nap / 2).max(SHORT.min(self.latency))
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backlog, LONG, NAPS, Patience, SHORT};

    /// A source that has an event at the given looks.
    struct Source {
        looks: u32,
        events_at: Vec<u32>,
        sleeps: u32,
    }

    fn wait(patience: &mut Patience, source: &mut Source) -> bool {
        let ready = |source: &mut Source| {
            source.looks += 1;
            Ok(source.events_at.contains(&source.looks).then(Backlog::default))
        };
        let sleep = |source: &mut Source, _| {
            source.sleeps += 1;
            Ok(true)
        };
        patience.wait(source, Some(Duration::from_secs(60)), ready, sleep).unwrap()
    }

    #[test]
    fn quiet_sleeps_and_busy_naps() {
        let mut patience = Patience::new(Duration::from_nanos(1));
        let mut source = Source { looks: 0, events_at: vec![2, 4], sleeps: 0 };
        assert!(wait(&mut patience, &mut source));
        assert_eq!(source.sleeps, 1, "nothing had come yet");
        assert!(wait(&mut patience, &mut source));
        assert_eq!(source.sleeps, 1, "an event had just come");
        source.events_at = vec![source.looks + NAPS + 3];
        assert!(wait(&mut patience, &mut source));
        assert!(source.sleeps > 1, "it had become quiet");
    }

    #[test]
    fn without_naps_every_wait_sleeps() {
        let mut patience = Patience::new(Duration::ZERO);
        let mut source = Source { looks: 0, events_at: vec![2, 4], sleeps: 0 };
        assert!(wait(&mut patience, &mut source));
        assert!(wait(&mut patience, &mut source));
        assert_eq!(source.sleeps, 2);
    }

    #[test]
    fn a_wait_ends() {
        let mut patience = Patience::default();
        let nothing = |(): &mut ()| Ok(None);
        let timed_out = |(): &mut (), _| Ok(false);
        assert_eq!(patience.wait(&mut (), Some(Duration::ZERO), nothing, timed_out), Ok(false));
        assert_eq!(patience.wait(&mut (), None, nothing, timed_out), Ok(false));
    }

    #[test]
    fn naps_follow_the_stream() {
        let size = 1 << 20;
        let mut patience = Patience::default();
        assert_eq!(patience.nap, SHORT);
        for _ in 0..10 {
            patience.adapt(Backlog { bytes: size / 8, size });
        }
        assert_eq!(patience.nap, LONG, "many events come, and there is room for more");
        patience.adapt(Backlog { bytes: size / 2, size });
        assert_eq!(patience.nap, LONG / 2, "the ring was half full");
        for _ in 0..10 {
            patience.adapt(Backlog { bytes: 100, size });
        }
        assert_eq!(patience.nap, SHORT, "few events come");
    }

    #[test]
    fn no_nap_is_longer_than_what_was_said() {
        let latency = SHORT / 5;
        let mut patience = Patience::new(latency);
        assert_eq!(patience.nap, latency);
        for bytes in [1 << 16, 1, 1 << 19] {
            patience.adapt(Backlog { bytes, size: 1 << 20 });
            assert_eq!(patience.nap, latency);
        }
    }

    #[test]
    fn the_fullest_ring_counts() {
        let (small, large) = (Backlog { bytes: 50, size: 100 }, Backlog { bytes: 60, size: 1000 });
        assert_eq!(small.larger(large).size, 100);
        assert_eq!(large.larger(small).size, 100);
    }
}
