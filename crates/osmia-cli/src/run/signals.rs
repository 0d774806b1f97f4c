//! Signals that end a run.

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::failure::Failure;

/// Tells when the user, or the system, wants the run to end.
///
/// It is an `AsFd` that becomes readable then.
pub struct Signals {
    wakes: UnixStream,
    ended: bool,
}

impl Signals {
    /// Catches Ctrl-C, `SIGTERM` and `SIGHUP` from now on.
    ///
    /// # Errors
    /// The process has too many descriptors.
    pub fn catch() -> Result<Self, Failure> {
        let caught = || {
            let (wakes, woken) = UnixStream::pair()?;
            wakes.set_nonblocking(true)?;
            for signal in [SIGINT, SIGTERM, SIGHUP] {
                pipe::register(signal, woken.try_clone()?)?;
            }
            Ok(Self { wakes, ended: false })
        };
        caught().map_err(|error: io::Error| Failure::because("catch signals", &error))
    }

    /// Whether one has come.
    pub fn ended(&mut self) -> bool {
        self.ended |= self.wakes.read(&mut [0]).is_ok_and(|count| count > 0);
        self.ended
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakes.as_fd()
    }
}
