//! What all objects share: pins, ids, and opening by either.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::offset_of;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use osmia_abi::flags::{BPF_F_PATH_FD, BPF_F_TOKEN_FD};
use osmia_abi::{BpfMapInfo, Cmd, GetIdAttr, ObjPinAttr};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::{BtfFd, LinkFd, ProgFd};
use crate::map_fd::MapFd;
use crate::{fd, ptr};

/// What an id is an id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdKind {
    /// Programs.
    Prog,
    /// Maps.
    Map,
    /// BTF objects.
    Btf,
    /// Links.
    Link,
}

impl IdKind {
    const fn next(self) -> Cmd {
        match self {
            Self::Prog => Cmd::PROG_GET_NEXT_ID,
            Self::Map => Cmd::MAP_GET_NEXT_ID,
            Self::Btf => Cmd::BTF_GET_NEXT_ID,
            Self::Link => Cmd::LINK_GET_NEXT_ID,
        }
    }
}

/// Commands of objects of any kind.
impl Bpf {
    /// `BPF_OBJ_PIN`: gives an object a name in a bpf file system, which keeps it alive.
    ///
    /// A relative `path` starts at `dir`, or at the working directory where none is given.
    ///
    /// # Kernel
    ///
    /// Since 4.4; with `dir` since 6.5.
    ///
    /// # Errors
    ///
    /// `EEXIST` if the name is taken, `EPERM` if the directory is not in a bpf file system, `ENOENT` if it does
    /// not exist.
    pub fn obj_pin(
        &self,
        object: impl AsFd,
        dir: Option<BorrowedFd<'_>>,
        path: &CStr,
    ) -> Result<(), Errno> {
        let mut attr = pin_attr(dir, path, 0);
        attr.bpf_fd = fd::raw(&object);
        // SAFETY: the kernel reads the path to its NUL.
        unsafe { self.call(Cmd::OBJ_PIN, &mut attr, offset_of!(ObjPinAttr, file_flags), &[]) }?;
        Ok(())
    }

    /// `BPF_OBJ_GET`: opens a pinned object of whatever kind. `file_flags` may be `BPF_F_RDONLY` or
    /// `BPF_F_WRONLY`, for maps.
    ///
    /// # Kernel
    ///
    /// Since 4.4; with `file_flags` since 4.15, with `dir` since 6.5.
    ///
    /// # Errors
    ///
    /// `ENOENT`, `EACCES`, and what else opening a file can meet.
    pub fn obj_get(
        &self,
        dir: Option<BorrowedFd<'_>>,
        path: &CStr,
        file_flags: u32,
    ) -> Result<OwnedFd, Errno> {
        let mut attr = pin_attr(dir, path, file_flags);
        // SAFETY: the kernel reads the path to its NUL, and a descriptor comes back.
        unsafe { self.call_fd(Cmd::OBJ_GET, &mut attr, offset_of!(ObjPinAttr, file_flags), &[]) }
    }

    /// `BPF_*_GET_NEXT_ID`: the lowest id above `after`, if there is one.
    ///
    /// # Kernel
    ///
    /// Programs and maps since 4.13, BTF since 5.4, links since 5.8.
    ///
    /// # Errors
    ///
    /// `EPERM` without `CAP_SYS_ADMIN`.
    pub fn next_id(&self, kind: IdKind, after: u32) -> Result<Option<u32>, Errno> {
        let mut attr = GetIdAttr { start_id: after, ..GetIdAttr::default() };
        // SAFETY: there are no pointers.
        match unsafe { self.call(kind.next(), &mut attr, offset_of!(GetIdAttr, open_flags), &[]) } {
            Ok(_) => Ok(Some(attr.next_id)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// `BPF_PROG_GET_FD_BY_ID`: opens a program by its id.
    ///
    /// # Kernel
    ///
    /// Since 4.13. The command takes no token.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is gone, `EPERM` without `CAP_SYS_ADMIN`.
    pub fn prog_by_id(&self, id: u32) -> Result<ProgFd, Errno> {
        self.fd_by_id(Cmd::PROG_GET_FD_BY_ID, id, 0, None).map(ProgFd::from_kernel)
    }

    /// `BPF_MAP_GET_FD_BY_ID`: opens a map by its id. `open_flags` may be `BPF_F_RDONLY` or `BPF_F_WRONLY`.
    ///
    /// # Kernel
    ///
    /// Since 4.13. The command takes no token.
    ///
    /// # Errors
    ///
    /// As for [`prog_by_id`](Self::prog_by_id).
    pub fn map_by_id(&self, id: u32, open_flags: u32) -> Result<MapFd, Errno> {
        self.map_and_info_by_id(id, open_flags).map(|(map, _)| map)
    }

    /// The same, with what the kernel tells of the map, which it is asked for its shape anyway.
    ///
    /// # Errors
    ///
    /// As for [`prog_by_id`](Self::prog_by_id).
    pub fn map_and_info_by_id(
        &self,
        id: u32,
        open_flags: u32,
    ) -> Result<(MapFd, BpfMapInfo), Errno> {
        let fd = self.fd_by_id(Cmd::MAP_GET_FD_BY_ID, id, open_flags, None)?;
        MapFd::with_info(self, fd)
    }

    /// `BPF_BTF_GET_FD_BY_ID`: opens a BTF object by its id.
    ///
    /// # Kernel
    ///
    /// Since 4.18; with a token since 6.15.
    ///
    /// # Errors
    ///
    /// As for [`prog_by_id`](Self::prog_by_id).
    pub fn btf_by_id(&self, id: u32, token: Option<BorrowedFd<'_>>) -> Result<BtfFd, Errno> {
        let ask = |token| self.fd_by_id(Cmd::BTF_GET_FD_BY_ID, id, 0, token);
        let outcome = ask(token);
        let opened = match (&outcome, self.token()) {
            // Kernels that know tokens for other commands may not know them for this one.
            (Err(Errno::PERM), Some(ours)) if token.is_none() => ask(Some(ours)).or(outcome),
            _ => outcome,
        };
        opened.map(BtfFd::from_kernel)
    }

    /// `BPF_LINK_GET_FD_BY_ID`: opens a link by its id.
    ///
    /// # Kernel
    ///
    /// Since 5.8.
    ///
    /// # Errors
    ///
    /// As for [`prog_by_id`](Self::prog_by_id).
    pub fn link_by_id(&self, id: u32) -> Result<LinkFd, Errno> {
        self.fd_by_id(Cmd::LINK_GET_FD_BY_ID, id, 0, None).map(LinkFd::from_kernel)
    }

    fn fd_by_id(
        &self,
        cmd: Cmd,
        id: u32,
        open_flags: u32,
        token: Option<BorrowedFd<'_>>,
    ) -> Result<OwnedFd, Errno> {
        let mut attr = GetIdAttr {
            start_id: id,
            open_flags: open_flags | token.map_or(0, |_| BPF_F_TOKEN_FD),
            fd_by_id_token_fd: fd::signed_or_zero(token),
            ..GetIdAttr::default()
        };
        // SAFETY: there are no pointers, and a descriptor comes back.
        unsafe { self.call_fd(cmd, &mut attr, offset_of!(GetIdAttr, next_id), &[]) }
    }
}

fn pin_attr(dir: Option<BorrowedFd<'_>>, path: &CStr, file_flags: u32) -> ObjPinAttr {
    ObjPinAttr {
        pathname: ptr::text(path),
        file_flags: file_flags | dir.map_or(0, |_| BPF_F_PATH_FD),
        path_fd: fd::signed_or_zero(dir),
        ..ObjPinAttr::default()
    }
}
