//! Links: attachments that have an owner.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::offset_of;
use std::os::fd::BorrowedFd;

use osmia_abi::flags::BPF_F_REPLACE;
use osmia_abi::{
    AttachType, Cmd, LinkCreateAttr, LinkDetachAttr, LinkUpdateAttr, RawTracepointOpenAttr,
};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::{LinkFd, ProgFd};
use crate::link_tail::LinkTail;
use crate::prog::AttachTarget;
use crate::{fd, ptr};

/// What `BPF_LINK_CREATE` takes.
#[derive(Clone, Copy, Debug)]
pub struct LinkCreate<'a> {
    /// The program; the map for `struct_ops`.
    pub prog: BorrowedFd<'a>,
    /// The place, where the attach type has one.
    pub target: Option<AttachTarget<'a>>,
    /// How it is attached.
    pub attach_type: AttachType,
    /// Flags of the attach type, such as the mode of XDP.
    pub flags: u32,
    /// What else the attach type wants.
    pub tail: LinkTail<'a>,
}

/// Commands of links.
impl Bpf {
    /// `BPF_LINK_CREATE`: attaches a program, for as long as the link lives.
    ///
    /// # Kernel
    ///
    /// Since 5.7 for cgroups, 5.9 for XDP and network namespaces, 5.15 for perf events, and others later.
    ///
    /// # Errors
    ///
    /// `EINVAL` for an attach type that has no links yet, and the kernel's own of each.
    pub fn link_create(&self, create: &LinkCreate<'_>) -> Result<LinkFd, Errno> {
        let mut attr = LinkCreateAttr {
            prog_fd: fd::raw(&create.prog),
            target_fd: create.target.map_or(0, AttachTarget::raw),
            attach_type: create.attach_type,
            flags: create.flags,
            ..LinkCreateAttr::default()
        };
        let at_least = offset_of!(LinkCreateAttr, tail);
        create
            .tail
            .with(&mut attr, |attr| {
                // SAFETY: the tail's pointers are valid for as much as the counts beside them say, and a link's
                // descriptor comes back.
                unsafe { self.call_fd(Cmd::LINK_CREATE, attr, at_least, &[]) }
            })
            .map(LinkFd::from_kernel)
    }

    /// `BPF_LINK_UPDATE`: puts another program in the place of the one that is attached, without a gap; only if
    /// that one is `old`, where it is given.
    ///
    /// # Kernel
    ///
    /// Since 5.7.
    ///
    /// # Errors
    ///
    /// `EPERM` if the old program is another one, `EINVAL` if links of this type cannot be updated.
    pub fn link_update(
        &self,
        link: &LinkFd,
        new: BorrowedFd<'_>,
        old: Option<BorrowedFd<'_>>,
    ) -> Result<(), Errno> {
        let mut attr = LinkUpdateAttr {
            link_fd: fd::raw(link),
            new_prog_fd: fd::raw(&new),
            flags: old.map_or(0, |_| BPF_F_REPLACE),
            old_prog_fd: fd::raw_or_zero(old),
        };
        // SAFETY: there are no pointers.
        unsafe { self.call(Cmd::LINK_UPDATE, &mut attr, offset_of!(LinkUpdateAttr, flags), &[]) }?;
        Ok(())
    }

    /// `BPF_LINK_DETACH`: detaches now, even if others hold the link too.
    ///
    /// # Kernel
    ///
    /// Since 5.9.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if links of this type go only when they are closed.
    pub fn link_detach(&self, link: &LinkFd) -> Result<(), Errno> {
        let mut attr = LinkDetachAttr { link_fd: fd::raw(link) };
        // SAFETY: there are no pointers.
        unsafe { self.call(Cmd::LINK_DETACH, &mut attr, size_of::<LinkDetachAttr>(), &[]) }?;
        Ok(())
    }

    /// `BPF_RAW_TRACEPOINT_OPEN`: attaches to a raw tracepoint by name; without one, to what a tracing program
    /// was loaded for.
    ///
    /// # Kernel
    ///
    /// Since 4.17; what comes back is a link since 5.8; cookies since 6.10.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no tracepoint of the name.
    pub fn raw_tracepoint_open(
        &self,
        prog: &ProgFd,
        name: Option<&CStr>,
        cookie: u64,
    ) -> Result<LinkFd, Errno> {
        let mut attr = RawTracepointOpenAttr {
            name: name.map_or(0, ptr::text),
            prog_fd: fd::raw(prog),
            cookie,
            ..RawTracepointOpenAttr::default()
        };
        let at_least = offset_of!(RawTracepointOpenAttr, cookie);
        // SAFETY: the kernel reads the name to its NUL, and a descriptor comes back.
        unsafe { self.call_fd(Cmd::RAW_TRACEPOINT_OPEN, &mut attr, at_least, &[]) }
            .map(LinkFd::from_kernel)
    }
}
