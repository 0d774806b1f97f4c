//! Tokens: rights that a bpf file system lends to an unprivileged process.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};

use osmia_abi::{Cmd, TokenCreateAttr};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::fd;

/// Tokens.
impl Bpf {
    /// `BPF_TOKEN_CREATE`: a token with the rights that a bpf file system was mounted to lend.
    ///
    /// # Kernel
    ///
    /// Since 6.9, outside the first user namespace.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the file system lends nothing, `EOPNOTSUPP` in the first user namespace, `EPERM`.
    pub fn token_create(&self, bpffs: impl AsFd) -> Result<OwnedFd, Errno> {
        let mut attr = TokenCreateAttr { flags: 0, bpffs_fd: fd::raw(&bpffs) };
        // SAFETY: there are no pointers, and a descriptor comes back.
        unsafe { self.call_fd(Cmd::TOKEN_CREATE, &mut attr, size_of::<TokenCreateAttr>(), &[]) }
    }
}
