//! Waiting for descriptors to become readable.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

/// Waits until `fd` is readable, for ever where no time-out is given. Says whether it is; a signal ends the wait
/// early, as a time-out does.
///
/// # Errors
///
/// The kernel's.
pub fn wait_readable(fd: impl AsFd, timeout: Option<Duration>) -> Result<bool, Errno> {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let timeout = timespec(timeout)?;
    match rustix::event::poll(&mut fds, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Several descriptors that are waited for together.
///
/// # Examples
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::{io::Write as _, time::Duration};
/// use osmia_sys::Poller;
///
/// let (mut near, far) = UnixStream::pair()?;
/// let mut poller = Poller::new()?;
/// poller.add(&far, 7)?;
/// assert_eq!(poller.wait(Some(Duration::ZERO))?.count(), 0);
/// near.write_all(b"x")?;
/// assert_eq!(poller.wait(None)?.collect::<Vec<_>>(), [7]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Poller {
    epoll: OwnedFd,
    /// The numbers of those that are readable. The kernel's own structs would tie a poller to one thread, since
    /// they may hold pointers.
    ready: Vec<u64>,
    added: usize,
}

impl Poller {
    /// Waits for nothing yet.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn new() -> Result<Self, Errno> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, ready: Vec::new(), added: 0 })
    }

    /// Waits for `fd` as well, under a number of the caller's. It is left out when it is closed.
    ///
    /// # Errors
    ///
    /// `EEXIST` if it is waited for, `EPERM` if it cannot be.
    pub fn add(&mut self, fd: impl AsFd, number: u64) -> Result<(), Errno> {
        epoll::add(&self.epoll, fd, EventData::new_u64(number), EventFlags::IN)?;
        self.added += 1;
        Ok(())
    }

    /// Waits for `fd` no longer.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not waited for.
    pub fn remove(&mut self, fd: impl AsFd) -> Result<(), Errno> {
        epoll::delete(&self.epoll, fd)?;
        self.added = self.added.saturating_sub(1);
        Ok(())
    }

    /// Waits until one of them is readable, for ever where no time-out is given; gives the numbers of those that
    /// are. A signal ends the wait early, with none.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn wait(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<impl Iterator<Item = u64> + '_, Errno> {
        self.ready.clear();
        let mut events = Vec::with_capacity(self.added.max(1));
        let timeout = timespec(timeout)?;
        let buffer = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, buffer, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {
                self.ready.extend(events.iter().map(|event: &epoll::Event| event.data.u64()));
                Ok(self.ready.iter().copied())
            }
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Poller {
    /// Readable when one of them is.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("epoll", &self.epoll)
            .field("added", &self.added)
            .finish_non_exhaustive()
    }
}

fn timespec(timeout: Option<Duration>) -> Result<Option<Timespec>, Errno> {
    timeout.map(|timeout| timeout.try_into().map_err(|_| Errno::INVAL)).transpose()
}
