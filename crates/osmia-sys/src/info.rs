//! What the kernel tells of an object.
#![allow(unsafe_code)]

use std::os::fd::AsFd;

use osmia_abi::{BpfBtfInfo, BpfMapInfo, BpfProgInfo, Cmd, InfoByFdAttr};
use rustix::io::Errno;
use zerocopy::{FromBytes, IntoBytes};

use crate::bpf::Bpf;
use crate::kind::{BtfFd, ProgFd};
use crate::map_fd::MapFd;
use crate::{fd, ptr};

/// Room for what a program's info points to. Each slice is filled as far as it reaches; what is empty is not
/// asked for. The counts and lengths in the answer say how much there was.
#[derive(Debug, Default)]
pub struct ProgInfoBufs<'a> {
    /// The ids of its maps.
    pub map_ids: &'a mut [u32],
    /// The instructions after verification and rewriting, as bytes.
    pub xlated_insns: &'a mut [u8],
    /// The machine code, of all its functions.
    pub jited_insns: &'a mut [u8],
    /// The kernel addresses of its functions.
    pub jited_ksyms: &'a mut [u64],
    /// The lengths of its functions' machine code.
    pub jited_func_lens: &'a mut [u32],
    /// The types of its functions, 8 bytes each.
    pub func_info: &'a mut [[u8; 8]],
    /// Its source lines, 16 bytes each.
    pub line_info: &'a mut [[u8; 16]],
    /// The addresses of the machine code of each source line.
    pub jited_line_info: &'a mut [u64],
    /// The tags of its functions.
    pub tags: &'a mut [[u8; 8]],
}

impl ProgInfoBufs<'_> {
    /// An info struct that asks for these slices.
    fn request(&mut self) -> Result<BpfProgInfo, Errno> {
        let sized = |len: usize, size: u32| if len == 0 { 0 } else { size };
        Ok(BpfProgInfo {
            jited_prog_len: ptr::len(self.jited_insns)?,
            xlated_prog_len: ptr::len(self.xlated_insns)?,
            jited_prog_insns: ptr::write(self.jited_insns),
            xlated_prog_insns: ptr::write(self.xlated_insns),
            nr_map_ids: ptr::len(self.map_ids)?,
            map_ids: ptr::write(self.map_ids),
            nr_jited_ksyms: ptr::len(self.jited_ksyms)?,
            nr_jited_func_lens: ptr::len(self.jited_func_lens)?,
            jited_ksyms: ptr::write(self.jited_ksyms),
            jited_func_lens: ptr::write(self.jited_func_lens),
            func_info_rec_size: sized(self.func_info.len(), 8),
            func_info: ptr::write(self.func_info),
            nr_func_info: ptr::len(self.func_info)?,
            nr_line_info: ptr::len(self.line_info)?,
            line_info: ptr::write(self.line_info),
            jited_line_info: ptr::write(self.jited_line_info),
            nr_jited_line_info: ptr::len(self.jited_line_info)?,
            line_info_rec_size: sized(self.line_info.len(), 16),
            jited_line_info_rec_size: sized(self.jited_line_info.len(), 8),
            nr_prog_tags: ptr::len(self.tags)?,
            prog_tags: ptr::write(self.tags),
            ..BpfProgInfo::default()
        })
    }
}

/// `BPF_OBJ_GET_INFO_BY_FD`, by kind of object. Pointers in the structs that come back are of no use.
///
/// # Kernel
///
/// Programs and maps since 4.13, BTF since 4.18. Fields that the kernel does not know are zero.
impl Bpf {
    /// What the kernel tells of a map.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn map_info(&self, map: &MapFd) -> Result<BpfMapInfo, Errno> {
        let mut info = BpfMapInfo::default();
        // SAFETY: all pointers in the request are null.
        unsafe { self.info(map, &mut info) }?;
        Ok(info)
    }

    /// What the kernel tells of a program; the slices of `bufs` are filled.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn prog_info(
        &self,
        prog: &ProgFd,
        bufs: &mut ProgInfoBufs<'_>,
    ) -> Result<BpfProgInfo, Errno> {
        let mut info = bufs.request()?;
        // SAFETY: the request's pointers are null or have as much room as the counts and lengths beside them say.
        unsafe { self.info(prog, &mut info) }?;
        Ok(info)
    }

    /// What the kernel tells of a BTF object; `data` gets its bytes, `name` its name with a NUL.
    ///
    /// # Kernel
    ///
    /// Names since 5.11; the name is empty before.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if the name does not fit.
    pub fn btf_info(
        &self,
        btf: &BtfFd,
        data: &mut [u8],
        name: &mut [u8],
    ) -> Result<BpfBtfInfo, Errno> {
        let mut info = BpfBtfInfo {
            btf: ptr::write(data),
            btf_size: ptr::len(data)?,
            ..BpfBtfInfo::default()
        };
        let unnamed = info;
        (info.name, info.name_len) = (ptr::write(name), ptr::len(name)?);
        // SAFETY: both pointers have as much room as the lengths beside them say.
        match unsafe { self.info(btf, &mut info) } {
            Err(Errno::TOOBIG) if !name.is_empty() => {
                info = unnamed;
                // SAFETY: as above, and there is no name.
                unsafe { self.info(btf, &mut info) }?;
            }
            result => drop(result?),
        }
        Ok(info)
    }

    /// # Safety
    ///
    /// `T` must be the info struct of the descriptor's kind, and its pointers null or valid for as much as the
    /// lengths beside them say.
    pub(crate) unsafe fn info<T>(&self, fd: impl AsFd, info: &mut T) -> Result<usize, Errno>
    where
        T: FromBytes + IntoBytes,
    {
        let bytes = info.as_mut_bytes();
        let mut attr = InfoByFdAttr {
            bpf_fd: fd::raw(&fd),
            info_len: ptr::len(bytes)?,
            info: ptr::write(bytes),
        };
        // SAFETY: the kernel writes at most `info_len` bytes of info, and behind its pointers what the caller
        // vouches for.
        unsafe { self.call(Cmd::OBJ_GET_INFO_BY_FD, &mut attr, size_of::<InfoByFdAttr>(), &[]) }?;
        Ok(attr.info_len as usize)
    }
}
