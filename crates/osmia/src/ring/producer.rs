//! Filling ring buffers for programs.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use osmia_sys::{Bpf, Errno, MapFd, UserRecord, UserRing};
use zerocopy::{Immutable, IntoBytes};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::ring::claim::Claim;

/// The one producer of a ring buffer that programs drain.
///
/// What is sent waits in the ring until a program calls `bpf_user_ringbuf_drain`; nothing runs a program because of it.
///
/// # Kernel
/// Since 6.1.
///
/// # Examples
/// ```no_run
/// # fn example(mut producer: osmia::RingProducer<[u8]>) -> Result<(), osmia::Error> {
/// use std::time::Duration;
///
/// if let Some(mut record) = producer.reserve_timeout(3, Duration::from_secs(1))? {
///     record.copy_from_slice(b"abc");
///     record.submit();
/// }
/// # Ok(())
/// # }
/// ```
pub struct RingProducer<T: ?Sized> {
    memory: UserRing,
    name: String,
    /// Held for as long as the producer lives, so that there is no second one.
    _claim: Claim,
    record: PhantomData<fn(&T)>,
}

impl<T: ?Sized> RingProducer<T> {
    pub(crate) fn new(bpf: &Bpf, map: &MapFd, name: &str, claim: Claim) -> Result<Self, Error> {
        let memory = UserRing::new(bpf, map).map_err(|errno| {
            let what = format!("map the memory of ring buffer `{name}`");
            Error::new(ErrorKind::System, what).caused_by(errno)
        })?;
        Ok(Self { memory, name: name.to_owned(), _claim: claim, record: PhantomData })
    }

    /// Room for a record of so many bytes, whose bytes are whatever was there before; does not wait. `None` if there is
    /// no room now. A record that is dropped is discarded.
    ///
    /// # Errors
    /// `Invalid`: the ring is smaller than that; `Malformed`: its positions contradict each other, since somebody else
    /// fills it too.
    pub fn reserve(&mut self, len: usize) -> Result<Option<UserRecord<'_>>, Error> {
        let Self { memory, name, .. } = self;
        let size = memory.size();
        memory.reserve(len).map_err(|errno| refused(name, len, size, errno))
    }

    /// The same; waits for room, at most this long. `None` if the time is over, or a signal came.
    ///
    /// # Errors
    /// As for [`RingProducer::reserve`].
    pub fn reserve_timeout(
        &mut self,
        len: usize,
        timeout: Duration,
    ) -> Result<Option<UserRecord<'_>>, Error> {
        self.wait(len, Some(timeout))?;
        self.reserve(len)
    }

    /// Waits until there is room for a record of so many bytes, at most this long, or for ever. Says whether there is;
    /// a signal ends the wait early.
    ///
    /// # Errors
    /// As for [`RingProducer::reserve`].
    pub fn wait(&self, len: usize, timeout: Option<Duration>) -> Result<bool, Error> {
        let failed = |errno| refused(&self.name, len, self.memory.size(), errno);
        let start = Instant::now();
        loop {
            if self.memory.has_room(len).map_err(failed)? {
                return Ok(true);
            }
            let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            if !self.memory.wait(left).map_err(failed)? {
                return self.memory.has_room(len).map_err(failed);
            }
        }
    }

    /// The bytes that programs have not drained, headers included.
    pub fn used(&self) -> usize {
        self.memory.used()
    }

    /// The ring buffer's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<T: ?Sized + IntoBytes + Immutable> RingProducer<T> {
    /// Sends a record; does not wait. `false` if there was no room for it.
    ///
    /// # Errors
    /// As for [`RingProducer::reserve`].
    pub fn send(&mut self, record: &T) -> Result<bool, Error> {
        let bytes = record.as_bytes();
        let Some(mut room) = self.reserve(bytes.len())? else { return Ok(false) };
        room.copy_from_slice(bytes);
        room.submit();
        Ok(true)
    }

    /// Sends a record; waits for room, at most this long. `false` if there was none.
    ///
    /// # Errors
    /// As for [`RingProducer::reserve`].
    pub fn send_timeout(&mut self, record: &T, timeout: Duration) -> Result<bool, Error> {
        self.wait(record.as_bytes().len(), Some(timeout))?;
        self.send(record)
    }
}

#[cold]
fn refused(name: &str, len: usize, size: usize, errno: Errno) -> Error {
    let (kind, what) = match errno {
        Errno::TOOBIG => (
            ErrorKind::Invalid,
            format!(
                "ring buffer `{name}` has {size} bytes, and a record of {len} takes 8 more and is rounded up to a \
                 multiple of 8"
            ),
        ),
        Errno::BADMSG => (
            ErrorKind::Malformed,
            format!(
                "ring buffer `{name}`: its positions contradict each other; does somebody else fill it?"
            ),
        ),
        _ => (ErrorKind::System, format!("wait for room in ring buffer `{name}`")),
    };
    let error = Error::new(kind, what);
    if kind == ErrorKind::System { error.caused_by(errno) } else { error }
}

impl<T: ?Sized> AsFd for RingProducer<T> {
    /// Writable while there is any room, be it too little.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

impl<T: ?Sized> fmt::Debug for RingProducer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingProducer")
            .field("name", &self.name)
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}
