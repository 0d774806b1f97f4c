//! Readers in Tokio's run-time.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::perf::PerfReader;
use crate::ring::RingReader;

/// What can be awaited: a [`RingReader`] or a [`PerfReader`].
pub trait Reader: AsFd + sealed::Sealed {}

mod sealed {
    use crate::error::Error;

    pub trait Sealed {
        /// Whether an event is there now; if not, the kernel wakes who waits for the next.
        fn is_ready(&mut self) -> Result<bool, Error>;
    }
}

impl<T: ?Sized> Reader for RingReader<T> {}

impl<T: ?Sized> sealed::Sealed for RingReader<T> {
    fn is_ready(&mut self) -> Result<bool, Error> {
        Self::is_ready(self)
    }
}

impl<T: ?Sized> Reader for PerfReader<T> {}

impl<T: ?Sized> sealed::Sealed for PerfReader<T> {
    fn is_ready(&mut self) -> Result<bool, Error> {
        Self::is_ready(self)
    }
}

/// A reader whose events are awaited, so that waiting takes no thread.
///
/// # Examples
/// ```no_run
/// # async fn read(events: osmia::RingReader<u64>) -> Result<(), osmia::Error> {
/// let mut events = osmia::AsyncReader::new(events)?;
/// loop {
///     events.ready().await?.drain(|event| println!("{event}"))?;
/// }
/// # }
/// ```
pub struct AsyncReader<R: Reader> {
    reader: R,
    /// A descriptor of its own, which stays the same whatever becomes of the reader.
    fd: AsyncFd<OwnedFd>,
}

impl<R: Reader> AsyncReader<R> {
    /// Takes over a reader.
    ///
    /// # Errors
    /// `System`: the run-time cannot wait for more.
    ///
    /// # Panics
    /// Outside of a run-time of Tokio's, as all of Tokio does.
    pub fn new(reader: R) -> Result<Self, Error> {
        let fd = reader.as_fd().try_clone_to_owned().map_err(waiting)?;
        #[allow(
            deprecated,
            reason = "only a descriptor that is closed while it is waited for is a danger, and this one is ours"
        )]
        let fd = AsyncFd::with_interest(fd, Interest::READABLE).map_err(waiting)?;
        Ok(Self { reader, fd })
    }

    /// The reader, once it has an event: its `next` does not have to wait then. Read until there is none, and come
    /// again.
    ///
    /// Nothing is lost if this is dropped before it is done.
    ///
    /// # Errors
    /// As for [`RingReader::next_bytes`].
    pub async fn ready(&mut self) -> Result<&mut R, Error> {
        // Asked first: the run-time hears only of what comes after the reader has caught up.
        while !sealed::Sealed::is_ready(&mut self.reader)? {
            let mut woken = self.fd.readable().await.map_err(waiting)?;
            if !sealed::Sealed::is_ready(&mut self.reader)? {
                woken.clear_ready();
            }
        }
        Ok(&mut self.reader)
    }

    /// The reader alone.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

fn waiting(error: std::io::Error) -> Error {
    Error::new(ErrorKind::System, "wait for events").caused_by(error)
}

impl<R: Reader> fmt::Debug for AsyncReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncReader").finish_non_exhaustive()
    }
}
