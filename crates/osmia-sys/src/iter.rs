//! Iterators: programs whose output is read like a file.
#![allow(unsafe_code)]

use std::os::fd::OwnedFd;

use osmia_abi::{Cmd, IterCreateAttr};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::fd;
use crate::kind::LinkFd;

/// Iterators.
impl Bpf {
    /// `BPF_ITER_CREATE`: starts a walk of an iterator's link; reading the descriptor runs the program.
    ///
    /// # Kernel
    ///
    /// Since 5.8.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the link is not one of an iterator.
    pub fn iter_create(&self, link: &LinkFd) -> Result<OwnedFd, Errno> {
        let mut attr = IterCreateAttr { link_fd: fd::raw(link), flags: 0 };
        // SAFETY: there are no pointers, and a descriptor comes back.
        unsafe { self.call_fd(Cmd::ITER_CREATE, &mut attr, size_of::<IterCreateAttr>(), &[]) }
    }
}
