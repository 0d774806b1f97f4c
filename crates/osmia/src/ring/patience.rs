//! How a reader waits: briefly while events come, long once it is quiet.

use std::time::{Duration, Instant};

use osmia_sys::Errno;

/// After so many naps without an event it is quiet.
const NAPS: u32 = 16;
/// Naps as long as events wait at most, if nobody says otherwise.
const LATENCY: Duration = Duration::from_micros(50);

/// The state of a wait that adapts to the stream of events.
///
/// The kernel wakes a sleeper by an interrupt when a program submits an event that the reader has caught up with.
/// At high rates that happens for nearly each event and costs hundreds of nanoseconds on both sides. A reader
/// that naps instead finds a batch of events each time and is never woken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    latency: Duration,
    /// Naps since the last event; beyond [`NAPS`] it is quiet.
    idle: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(LATENCY)
    }
}

impl Patience {
    pub(crate) fn new(latency: Duration) -> Self {
        // It begins quiet: the first event may be long in coming.
        Self { latency, idle: NAPS }
    }

    /// Waits until `ready`, which is asked first, or the time is over, or a signal ends a sleep.
    pub(crate) fn wait<S>(
        &mut self,
        source: &mut S,
        timeout: Option<Duration>,
        mut ready: impl FnMut(&mut S) -> Result<bool, Errno>,
        mut sleep: impl FnMut(&mut S, Option<Duration>) -> Result<bool, Errno>,
    ) -> Result<bool, Errno> {
        if ready(source)? {
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
                std::thread::sleep(left.map_or(self.latency, |left| left.min(self.latency)));
            } else if !sleep(source, left)? {
                // Time is over, or a signal came; an event may have come with it.
                return ready(source);
            }
            if ready(source)? {
                self.idle = 0;
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{NAPS, Patience};

    /// A source that has an event at the given looks.
    struct Source {
        looks: u32,
        events_at: Vec<u32>,
        sleeps: u32,
    }

    fn wait(patience: &mut Patience, source: &mut Source) -> bool {
        let ready = |source: &mut Source| {
            source.looks += 1;
            Ok(source.events_at.contains(&source.looks))
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
        let nothing = |(): &mut ()| Ok(false);
        let timed_out = |(): &mut (), _| Ok(false);
        assert_eq!(patience.wait(&mut (), Some(Duration::ZERO), nothing, timed_out), Ok(false));
        assert_eq!(patience.wait(&mut (), None, nothing, timed_out), Ok(false));
    }
}
