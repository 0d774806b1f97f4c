//! Which kind of object a file descriptor is of.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;

/// A kind of BPF object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FdKind {
    /// A map.
    Map,
    /// A program.
    Prog,
    /// A BTF object.
    Btf,
    /// A link.
    Link,
    /// An iterator's output.
    Iter,
    /// A token.
    Token,
}

impl FdKind {
    /// The kind of an open object, as procfs names it; nothing if it is not a BPF object.
    ///
    /// # Errors
    ///
    /// `ENOENT` where procfs is not mounted.
    pub fn of(fd: impl AsFd) -> Result<Option<Self>, Errno> {
        let path = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
        let target = rustix::fs::readlink(path, Vec::new())?;
        Ok(Self::named(target.to_bytes()))
    }

    /// The kind of an object that the links in `/proc/PID/fd` name so, if it is a BPF object.
    pub fn named(target: &[u8]) -> Option<Self> {
        match target {
            b"anon_inode:bpf-map" => Some(Self::Map),
            b"anon_inode:bpf-prog" => Some(Self::Prog),
            b"anon_inode:btf" => Some(Self::Btf),
            // The first when it was just made, the second when it was opened again.
            b"anon_inode:bpf_link" | b"anon_inode:bpf-link" => Some(Self::Link),
            b"anon_inode:bpf_iter" => Some(Self::Iter),
            b"anon_inode:bpf-token" => Some(Self::Token),
            _ => None,
        }
    }
}

/// `EINVAL`, the kernel's own word, unless `fd` is of this kind.
pub(crate) fn require(fd: impl AsFd, kind: FdKind) -> Result<(), Errno> {
    if FdKind::of(fd)? == Some(kind) { Ok(()) } else { Err(Errno::INVAL) }
}

macro_rules! typed_fd {
    ($(#[$meta:meta])* $name:ident, $kind:ident) => {
        $(#[$meta])*
        ///
        /// The kind is known, because the kernel reads what it is handed as the struct of the descriptor's
        /// kind, whatever the caller meant.
        #[derive(Debug)]
        pub struct $name(OwnedFd);

        impl $name {
            /// Takes over a descriptor, if it is of this kind.
            ///
            /// # Errors
            ///
            /// `EINVAL` if it is not; `ENOENT` where procfs is not mounted, which names the kind.
            pub fn new(fd: OwnedFd) -> Result<Self, Errno> {
                require(&fd, FdKind::$kind)?;
                Ok(Self(fd))
            }

            /// The kernel has just returned this descriptor from a command of this kind.
            pub(crate) const fn from_kernel(fd: OwnedFd) -> Self {
                Self(fd)
            }

            /// Another descriptor of the same object.
            ///
            /// # Errors
            ///
            /// `EMFILE` where the process has too many descriptors.
            pub fn try_clone(&self) -> Result<Self, Errno> {
                rustix::io::fcntl_dupfd_cloexec(&self.0, 0).map(Self)
            }

            /// The descriptor alone.
            pub fn into_fd(self) -> OwnedFd {
                self.0
            }
        }

        impl AsFd for $name {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }
    };
}

typed_fd! {
    /// An open program.
    ProgFd, Prog
}
typed_fd! {
    /// An open BTF object.
    BtfFd, Btf
}
typed_fd! {
    /// An open link.
    LinkFd, Link
}
