//! Programs on single sockets.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

use rustix::io::Errno;

use crate::bpf::last_error;
use crate::kind::ProgFd;

/// Lets a socket's packets be filtered by a program; it replaces the filter that was there.
///
/// # Kernel
///
/// Since 3.19.
///
/// # Errors
///
/// `EINVAL` if the program is no socket filter, `EPERM` if the socket's filter is locked, `ENOTSOCK`.
pub fn set_socket_filter(socket: impl AsFd, prog: &ProgFd) -> Result<(), Errno> {
    set(socket.as_fd(), libc::SO_ATTACH_BPF, prog.as_fd().as_raw_fd())
}

/// Removes a socket's filter.
///
/// # Errors
///
/// `ENOENT` if there is none, `EPERM` if it is locked.
pub fn clear_socket_filter(socket: impl AsFd) -> Result<(), Errno> {
    set(socket.as_fd(), libc::SO_DETACH_FILTER, 0)
}

/// Lets a program choose which socket of the group that shares this one's port gets a packet.
///
/// # Kernel
///
/// Since 4.5 for socket filters, 4.19 for `sk_reuseport` programs.
///
/// # Errors
///
/// `EINVAL` if the socket does not share its port (`SO_REUSEPORT`) or the program is of another type, `ENOTSOCK`.
pub fn set_reuseport_program(socket: impl AsFd, prog: &ProgFd) -> Result<(), Errno> {
    set(socket.as_fd(), libc::SO_ATTACH_REUSEPORT_EBPF, prog.as_fd().as_raw_fd())
}

/// Removes the program that chooses among the sockets that share this one's port.
///
/// # Kernel
///
/// Since 5.3.
///
/// # Errors
///
/// `ENOENT` if there is none.
pub fn clear_reuseport_program(socket: impl AsFd) -> Result<(), Errno> {
    set(socket.as_fd(), libc::SO_DETACH_REUSEPORT_BPF, 0)
}

fn set(socket: BorrowedFd<'_>, option: libc::c_int, value: libc::c_int) -> Result<(), Errno> {
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option's value is `value`, as long as `len` says.
    let result = unsafe {
        let value = (&raw const value).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, value, len)
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
