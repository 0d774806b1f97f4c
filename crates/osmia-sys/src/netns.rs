//! Network namespaces.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::thread::LinkNameSpaceType;

/// Moves the calling thread into the network namespace that `namespace` is a descriptor of: an open
/// `/proc/PID/ns/net`, or a file under `/run/netns`.
///
/// # Errors
///
/// `EINVAL` if it is of something else, `EPERM` without `CAP_SYS_ADMIN`.
pub fn enter_netns(namespace: impl AsFd) -> Result<(), Errno> {
    rustix::thread::move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
}
