//! Programs on single sockets, and on groups of sockets that share a port.

use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

use osmia_sys::{
    Capability, Errno, ProgFd, clear_reuseport_program, clear_socket_filter, set_reuseport_program,
    set_socket_filter,
};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::{Held, Link};

/// Which of a socket's programs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SocketPlace {
    /// That which filters what it receives.
    Filter,
    /// That which chooses among the sockets of its port.
    Reuseport,
}

#[derive(Debug)]
struct Set {
    /// Another descriptor of the socket, none once it is undone.
    socket: Option<OwnedFd>,
    place: SocketPlace,
}

impl Setting for Set {
    fn undo(&mut self) -> Result<(), Errno> {
        let Some(socket) = self.socket.take() else { return Ok(()) };
        match self.place {
            SocketPlace::Filter => clear_socket_filter(&socket),
            SocketPlace::Reuseport => clear_reuseport_program(&socket),
        }
    }
}

/// Attaches a program to a socket.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    socket: BorrowedFd<'_>,
    place: SocketPlace,
) -> Result<Link, Error> {
    let number = socket.as_raw_fd();
    let words = match place {
        SocketPlace::Filter => format!("the filter of socket {number}"),
        SocketPlace::Reuseport => format!("the port of socket {number}"),
    };
    let held = socket.try_clone_to_owned().map_err(|error| {
        Error::new(crate::error::kind::ErrorKind::System, format!("attach to {words}"))
            .caused_by(error)
    })?;
    let set = match place {
        SocketPlace::Filter => set_socket_filter(&held, prog),
        SocketPlace::Reuseport => set_reuseport_program(&held, prog),
    };
    match set {
        Ok(()) => {
            let set = Set { socket: Some(held), place };
            Ok(Link::new(kernel, words, Held::Setting(OwnedSetting::new(set))))
        }
        Err(errno) => {
            let attempt = format!("attach to {words}");
            let told = match errno {
                Errno::NOTSOCK => "the descriptor is of no socket",
                Errno::INVAL => match place {
                    SocketPlace::Filter => "the program is no socket filter",
                    SocketPlace::Reuseport => {
                        "the socket does not share its port: set SO_REUSEPORT before it is bound"
                    }
                },
                _ => return Err(refused(kernel, &[Capability::NetAdmin], errno, attempt)),
            };
            Err(Error::invalid(told).caused_by(errno).during(attempt))
        }
    }
}
