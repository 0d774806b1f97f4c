//! A map's file descriptor with the sizes that bound its elements.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use osmia_abi::BpfMapInfo;
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::{FdKind, require};
use crate::map_shape::MapShape;

/// An open map: its file descriptor, and the shape that the kernel gave it.
///
/// Element commands take this and not a bare descriptor, because the kernel writes as many bytes as the map's
/// shape says, whatever the caller believes.
#[derive(Debug)]
pub struct MapFd {
    fd: OwnedFd,
    shape: MapShape,
    flags: u32,
}

impl MapFd {
    /// Takes over a descriptor of a map, asking the kernel for its shape.
    ///
    /// # Kernel
    ///
    /// `BPF_OBJ_GET_INFO_BY_FD` came with 4.13.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the descriptor is not one of a map; `ENOENT` where procfs, which names the kind, or sysfs,
    /// which lists the CPUs, is not mounted.
    pub fn new(bpf: &Bpf, fd: OwnedFd) -> Result<Self, Errno> {
        require(&fd, FdKind::Map)?;
        Self::with_info(bpf, fd).map(|(map, _)| map)
    }

    /// The kernel has just returned this descriptor as one of a map.
    pub(crate) fn with_info(bpf: &Bpf, fd: OwnedFd) -> Result<(Self, BpfMapInfo), Errno> {
        let mut info = BpfMapInfo::default();
        // SAFETY: it is a map, and all pointers in the request are null.
        unsafe { bpf.info(&fd, &mut info) }?;
        Ok((Self::from_info(fd, &info)?, info))
    }

    /// The shape and flags must be the kernel's own word on this descriptor.
    pub(crate) fn from_info(fd: OwnedFd, info: &BpfMapInfo) -> Result<Self, Errno> {
        let shape = MapShape::new(info.type_, info.key_size, info.value_size)?;
        Ok(Self { fd, shape, flags: info.map_flags })
    }

    /// The sizes of the map's elements.
    pub const fn shape(&self) -> &MapShape {
        &self.shape
    }

    /// The flags the map was created with (`BPF_F_*`).
    pub const fn map_flags(&self) -> u32 {
        self.flags
    }

    /// Another descriptor of the same map.
    ///
    /// # Errors
    ///
    /// `EMFILE` where the process has too many descriptors.
    pub fn try_clone(&self) -> Result<Self, Errno> {
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0)?;
        Ok(Self { fd, shape: self.shape, flags: self.flags })
    }

    /// The descriptor alone.
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }
}

impl AsFd for MapFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
