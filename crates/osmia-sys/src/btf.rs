//! BTF objects.
#![allow(unsafe_code)]

use std::mem::offset_of;
use std::os::fd::BorrowedFd;

use osmia_abi::flags::BPF_F_TOKEN_FD;
use osmia_abi::{BtfLoadAttr, Cmd};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::kind::BtfFd;
use crate::log::Log;
use crate::{fd, ptr};

/// Commands of BTF objects.
impl Bpf {
    /// `BPF_BTF_LOAD`: checks BTF and keeps it.
    ///
    /// # Kernel
    ///
    /// Since 4.18; the kernel refuses kinds of types that it does not know.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is not valid, `ENOSPC` if the log does not fit, `EPERM` without `CAP_BPF`.
    pub fn btf_load(
        &self,
        btf: &[u8],
        log: &mut Log<'_>,
        token: Option<BorrowedFd<'_>>,
    ) -> Result<BtfFd, Errno> {
        let token = token.or(self.token());
        let (btf_log_level, buf) = log.asked();
        let mut attr = BtfLoadAttr {
            btf: ptr::read(btf),
            btf_log_buf: ptr::write(buf),
            btf_size: ptr::len(btf)?,
            btf_log_size: ptr::len(buf)?,
            btf_log_level,
            btf_log_true_size: 0,
            btf_flags: token.map_or(0, |_| BPF_F_TOKEN_FD),
            btf_token_fd: fd::signed_or_zero(token),
        };
        let at_least = if attr.btf_log_level == 0 {
            0
        } else {
            offset_of!(BtfLoadAttr, btf_log_true_size) + size_of::<u32>()
        };
        // SAFETY: `btf_size` bytes are read, and at most `btf_log_size` are written to the log.
        let result = unsafe { self.call_fd(Cmd::BTF_LOAD, &mut attr, at_least, btf) };
        log.true_size = attr.btf_log_true_size;
        result.map(BtfFd::from_kernel)
    }
}
