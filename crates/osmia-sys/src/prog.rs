//! Programs: load, attach without a link, query, and what belongs to them.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::offset_of;
use std::os::fd::{AsFd, BorrowedFd};

use osmia_abi::flags::{BPF_F_REPLACE, BPF_F_TOKEN_FD};
use osmia_abi::{
    AttachType, Cmd, ProgAssocStructOpsAttr, ProgAttachAttr, ProgBindMapAttr, ProgLoadAttr,
    ProgQueryAttr, ProgStreamReadAttr, ProgType,
};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::ProgFd;
use crate::link_tail::Position;
use crate::log::Log;
use crate::name::ObjName;
use crate::{fd, ptr};

/// The bytes of an instruction.
const INSN_SIZE: usize = 8;

/// Records of one size, as `.BTF.ext` has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records<'a> {
    /// The bytes of one record.
    pub record_size: u32,
    /// The records, side by side.
    pub bytes: &'a [u8],
}

impl Records<'_> {
    /// How many there are, if the bytes are a whole number of records.
    fn count(&self) -> Result<u32, Errno> {
        if self.bytes.is_empty() {
            return Ok(0);
        }
        let size = self.record_size as usize;
        match (self.bytes.len().checked_div(size), self.bytes.len().checked_rem(size)) {
            (Some(count), Some(0)) => u32::try_from(count).map_err(|_| Errno::TOOBIG),
            _ => Err(Errno::INVAL),
        }
    }

    /// The size to tell, which the kernel wants to be zero where there are no records.
    fn size(&self) -> u32 {
        if self.bytes.is_empty() { 0 } else { self.record_size }
    }
}

/// What `attach_btf_id` is an id of, where it is not the kernel's own BTF.
#[derive(Clone, Copy, Debug, Default)]
pub enum AttachBtf<'a> {
    /// The BTF of the kernel.
    #[default]
    Kernel,
    /// The BTF of a module, by its own descriptor.
    Module(BorrowedFd<'a>),
    /// The BTF of another program, to which this one attaches.
    Prog(BorrowedFd<'a>),
}

/// What `BPF_PROG_LOAD` takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgLoad<'a> {
    /// The type.
    pub prog_type: ProgType,
    /// The instructions, eight bytes each, in the byte order of the machine.
    pub insns: &'a [u8],
    /// The licence, which decides on the helpers that are for GPL programs alone.
    pub license: &'a CStr,
    /// The kernel's version, which old kernels want to see in kprobe programs.
    pub kern_version: u32,
    /// `BPF_F_*`; those that follow from other fields here are set by themselves.
    pub prog_flags: u32,
    /// The name.
    pub name: ObjName,
    /// The device that the program is offloaded or bound to.
    pub ifindex: u32,
    /// How it will be attached, where the type wants to know.
    pub expected_attach_type: AttachType,
    /// The program's BTF.
    pub btf: Option<BorrowedFd<'a>>,
    /// The types of its functions.
    pub func_info: Records<'a>,
    /// The source lines of its instructions.
    pub line_info: Records<'a>,
    /// What it attaches to, in the BTF that `attach_btf` names.
    pub attach_btf_id: u32,
    /// The BTF that `attach_btf_id` is of.
    pub attach_btf: AttachBtf<'a>,
    /// CO-RE relocations that the kernel is to do.
    pub core_relos: Records<'a>,
    /// Maps and BTF that the instructions name by their place in this list.
    pub fd_array: &'a [BorrowedFd<'a>],
    /// Whether the kernel is told how long `fd_array` is, and binds all of it to the program (since 6.14).
    pub bind_fd_array: bool,
    /// A token that lends its rights.
    pub token: Option<BorrowedFd<'a>>,
    /// A signature over the instructions.
    pub signature: &'a [u8],
    /// The key ring that the signature is checked with.
    pub keyring_id: i32,
}

impl ProgLoad<'_> {
    fn attr(
        &self,
        log: &mut Log<'_>,
        token: Option<BorrowedFd<'_>>,
    ) -> Result<ProgLoadAttr, Errno> {
        let token = self.token.or(token);
        if self.insns.len() % INSN_SIZE != 0 {
            return Err(Errno::INVAL);
        }
        let insn_cnt = u32::try_from(self.insns.len() / INSN_SIZE).map_err(|_| Errno::TOOBIG)?;
        let attach_to = match self.attach_btf {
            AttachBtf::Kernel => 0,
            AttachBtf::Module(fd) | AttachBtf::Prog(fd) => fd::raw(&fd),
        };
        let (log_level, log_buf) = log.asked();
        let fd_array_cnt = if self.bind_fd_array { ptr::len(self.fd_array)? } else { 0 };
        Ok(ProgLoadAttr {
            prog_type: self.prog_type,
            insn_cnt,
            insns: ptr::read(self.insns),
            license: ptr::text(self.license),
            log_level,
            log_size: ptr::len(log_buf)?,
            log_buf: ptr::write(log_buf),
            kern_version: self.kern_version,
            prog_flags: self.prog_flags | token.map_or(0, |_| BPF_F_TOKEN_FD),
            prog_name: self.name.bytes(),
            prog_ifindex: self.ifindex,
            expected_attach_type: self.expected_attach_type,
            prog_btf_fd: fd::raw_or_zero(self.btf),
            func_info_rec_size: self.func_info.size(),
            func_info: ptr::read(self.func_info.bytes),
            func_info_cnt: self.func_info.count()?,
            line_info_rec_size: self.line_info.size(),
            line_info: ptr::read(self.line_info.bytes),
            line_info_cnt: self.line_info.count()?,
            attach_btf_id: self.attach_btf_id,
            attach_prog_fd: attach_to,
            core_relo_cnt: self.core_relos.count()?,
            fd_array: ptr::read(self.fd_array),
            core_relos: ptr::read(self.core_relos.bytes),
            core_relo_rec_size: self.core_relos.size(),
            log_true_size: 0,
            prog_token_fd: fd::signed_or_zero(token),
            fd_array_cnt,
            signature: ptr::read(self.signature),
            signature_size: ptr::len(self.signature)?,
            keyring_id: self.keyring_id,
        })
    }
}

/// What a program without a link is attached to.
#[derive(Clone, Copy, Debug)]
pub enum AttachTarget<'a> {
    /// A cgroup, a map of sockets, a network namespace: by descriptor.
    Fd(BorrowedFd<'a>),
    /// A network interface, by number.
    Ifindex(u32),
}

impl AttachTarget<'_> {
    pub(crate) fn raw(self) -> u32 {
        match self {
            Self::Fd(fd) => fd::raw(&fd),
            Self::Ifindex(index) => index,
        }
    }
}

/// What `BPF_PROG_ATTACH` and `BPF_PROG_DETACH` take.
#[derive(Clone, Copy, Debug)]
pub struct ProgAttach<'a> {
    /// The place.
    pub target: AttachTarget<'a>,
    /// How.
    pub attach_type: AttachType,
    /// `BPF_F_ALLOW_*` and neighbours.
    pub flags: u32,
    /// The program that makes room, under `BPF_F_REPLACE`, which is set by itself.
    pub replace: Option<BorrowedFd<'a>>,
    /// Where among the programs that are there, for places with an order.
    pub position: Option<Position<'a>>,
    /// Which revision of the list of programs is expected; zero for any.
    pub expected_revision: u64,
}

/// Which programs and links are asked for, and room for the answer.
#[derive(Debug)]
pub struct ProgQuery<'a> {
    /// The place.
    pub target: AttachTarget<'a>,
    /// How they are attached.
    pub attach_type: AttachType,
    /// `BPF_F_QUERY_EFFECTIVE`.
    pub query_flags: u32,
    /// Room for the ids of the programs.
    pub prog_ids: &'a mut [u32],
    /// Room for the flags of each program, as long as `prog_ids` or empty.
    pub prog_attach_flags: &'a mut [u32],
    /// Room for the ids of their links, as long as `prog_ids` or empty.
    pub link_ids: &'a mut [u32],
}

/// What `BPF_PROG_QUERY` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queried {
    /// How many programs there are, which may be more than there was room for.
    pub count: u32,
    /// The flags of the place.
    pub attach_flags: u32,
    /// The revision of the list, where the kernel counts them.
    pub revision: u64,
}

/// Commands of programs.
impl Bpf {
    /// `BPF_PROG_LOAD`: verifies a program and makes it ready to run. The log is written whether it succeeds or
    /// not.
    ///
    /// # Kernel
    ///
    /// Since 3.18; types, fields and flags came one by one. `log.true_size` since 6.4, zero before.
    ///
    /// # Errors
    ///
    /// `EINVAL` and `EACCES` if the verifier refuses, `ENOSPC` if the log does not fit, `E2BIG` for fields or
    /// sizes that the kernel does not know, `EPERM` without capabilities, `ENOTSUPP` (524).
    pub fn prog_load(&self, load: &ProgLoad<'_>, log: &mut Log<'_>) -> Result<ProgFd, Errno> {
        let mut attr = load.attr(log, self.token())?;
        let at_least = if attr.log_level == 0 {
            0
        } else {
            offset_of!(ProgLoadAttr, log_true_size) + size_of::<u32>()
        };
        // SAFETY: everything is read within the lengths that are told beside it, the licence to its NUL, and the
        // descriptors as far as the instructions name them; only the log is written, within its length. The
        // verifier refuses an instruction whose place in `fd_array` cannot be read.
        let result = unsafe { self.call_fd(Cmd::PROG_LOAD, &mut attr, at_least, load.insns) };
        log.true_size = attr.log_true_size;
        result.map(ProgFd::from_kernel)
    }

    /// `BPF_PROG_ATTACH`: attaches a program without a link; it stays until it is detached.
    ///
    /// # Kernel
    ///
    /// Since 4.10 for cgroups, and others later.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn prog_attach(&self, prog: impl AsFd, attach: &ProgAttach<'_>) -> Result<(), Errno> {
        self.attach_or_detach(Cmd::PROG_ATTACH, Some(prog.as_fd()), attach)
    }

    /// `BPF_PROG_DETACH`: undoes [`prog_attach`](Self::prog_attach).
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not attached.
    pub fn prog_detach(
        &self,
        prog: Option<BorrowedFd<'_>>,
        attach: &ProgAttach<'_>,
    ) -> Result<(), Errno> {
        self.attach_or_detach(Cmd::PROG_DETACH, prog, attach)
    }

    /// `BPF_PROG_QUERY`: which programs are attached to a place.
    ///
    /// # Kernel
    ///
    /// Since 4.15 for cgroups, and others later.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there are more than there is room for.
    pub fn prog_query(&self, query: &mut ProgQuery<'_>) -> Result<Queried, Errno> {
        let room = query.prog_ids.len();
        let fits = |slice: &[u32]| slice.is_empty() || slice.len() == room;
        if !fits(query.prog_attach_flags) || !fits(query.link_ids) {
            return Err(Errno::INVAL);
        }
        let mut attr = ProgQueryAttr {
            target_fd: query.target.raw(),
            attach_type: query.attach_type,
            query_flags: query.query_flags,
            prog_ids: ptr::write(query.prog_ids),
            prog_cnt: ptr::len(query.prog_ids)?,
            prog_attach_flags: ptr::write(query.prog_attach_flags),
            link_ids: ptr::write(query.link_ids),
            ..ProgQueryAttr::default()
        };
        // SAFETY: all slices have room for `prog_cnt` numbers.
        unsafe { self.call(Cmd::PROG_QUERY, &mut attr, size_of::<ProgQueryAttr>(), &[]) }?;
        Ok(Queried {
            count: attr.prog_cnt,
            attach_flags: attr.attach_flags,
            revision: attr.revision,
        })
    }

    /// `BPF_PROG_BIND_MAP`: keeps a map alive as long as a program that does not use it.
    ///
    /// # Kernel
    ///
    /// Since 5.10.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn prog_bind_map(&self, prog: impl AsFd, map: impl AsFd) -> Result<(), Errno> {
        let mut attr = ProgBindMapAttr { prog_fd: fd::raw(&prog), map_fd: fd::raw(&map), flags: 0 };
        // SAFETY: there are no pointers.
        unsafe { self.call(Cmd::PROG_BIND_MAP, &mut attr, size_of::<ProgBindMapAttr>(), &[]) }?;
        Ok(())
    }

    /// `BPF_PROG_ASSOC_STRUCT_OPS`: tells which `struct_ops` map a program acts for.
    ///
    /// # Kernel
    ///
    /// Since 7.0.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn prog_assoc_struct_ops(&self, prog: impl AsFd, map: impl AsFd) -> Result<(), Errno> {
        let mut attr =
            ProgAssocStructOpsAttr { map_fd: fd::raw(&map), prog_fd: fd::raw(&prog), flags: 0 };
        let size = size_of::<ProgAssocStructOpsAttr>();
        // SAFETY: there are no pointers.
        unsafe { self.call(Cmd::PROG_ASSOC_STRUCT_OPS, &mut attr, size, &[]) }?;
        Ok(())
    }

    /// `BPF_PROG_STREAM_READ_BY_FD`: reads what a program printed to one of its streams, and how much that was.
    ///
    /// # Kernel
    ///
    /// Since 6.17.
    ///
    /// # Errors
    ///
    /// `ENOENT` for a stream that does not exist.
    pub fn prog_stream_read(
        &self,
        prog: impl AsFd,
        stream_id: u32,
        buf: &mut [u8],
    ) -> Result<usize, Errno> {
        let mut attr = ProgStreamReadAttr {
            stream_buf: ptr::write(buf),
            stream_buf_len: ptr::len(buf)?,
            stream_id,
            prog_fd: fd::raw(&prog),
            ..ProgStreamReadAttr::default()
        };
        let at_least = offset_of!(ProgStreamReadAttr, prog_fd) + size_of::<u32>();
        // SAFETY: the kernel writes at most `stream_buf_len` bytes.
        let read = unsafe { self.call(Cmd::PROG_STREAM_READ_BY_FD, &mut attr, at_least, &[]) }?;
        usize::try_from(read).map_err(|_| Errno::OVERFLOW)
    }

    fn attach_or_detach(
        &self,
        cmd: Cmd,
        prog: Option<BorrowedFd<'_>>,
        attach: &ProgAttach<'_>,
    ) -> Result<(), Errno> {
        let (position, neighbour) = attach.position.map_or((0, 0), |position| position.raw());
        let mut attr = ProgAttachAttr {
            target_fd: attach.target.raw(),
            attach_bpf_fd: fd::raw_or_zero(prog),
            attach_type: attach.attach_type,
            attach_flags: attach.flags | position | attach.replace.map_or(0, |_| BPF_F_REPLACE),
            replace_bpf_fd: fd::raw_or_zero(attach.replace),
            relative_fd: neighbour,
            expected_revision: attach.expected_revision,
        };
        // SAFETY: there are no pointers.
        unsafe { self.call(cmd, &mut attr, offset_of!(ProgAttachAttr, attach_flags), &[]) }?;
        Ok(())
    }
}
