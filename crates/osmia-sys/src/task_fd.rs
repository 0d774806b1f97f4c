//! Which program and probe a process's file descriptor stands for.
#![allow(unsafe_code)]

use osmia_abi::{Cmd, TaskFdQueryAttr, TaskFdType};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::ptr;

/// What `BPF_TASK_FD_QUERY` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskFd {
    /// The program.
    pub prog_id: u32,
    /// What it is attached to.
    pub fd_type: TaskFdType,
    /// How long the name of that is, without its NUL; more than there was room for, perhaps.
    pub name_len: usize,
    /// The place behind the start of a probed function, or in a probed file.
    pub offset: u64,
    /// The address of a probed kernel function, where the caller may know.
    pub addr: u64,
}

impl Bpf {
    /// `BPF_TASK_FD_QUERY`: what a file descriptor of a process stands for, if it is a perf event or raw tracepoint
    /// with a program. `name` gets the name of the tracepoint, function or file, with a NUL.
    ///
    /// # Kernel
    ///
    /// Since 4.18.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such process, `EBADF` if it has no such descriptor, `ENOTSUPP` (524) if that is
    /// something else, `ENOSPC` if the name does not fit, `EPERM` without `CAP_SYS_ADMIN`.
    pub fn task_fd_query(&self, pid: u32, fd: u32, name: &mut [u8]) -> Result<TaskFd, Errno> {
        let mut attr = TaskFdQueryAttr {
            pid,
            fd,
            buf_len: ptr::len(name)?,
            buf: ptr::write(name),
            ..TaskFdQueryAttr::default()
        };
        let size = size_of::<TaskFdQueryAttr>();
        // SAFETY: the kernel writes at most `buf_len` bytes of the name.
        unsafe { self.call(Cmd::TASK_FD_QUERY, &mut attr, size, &[]) }?;
        Ok(TaskFd {
            prog_id: attr.prog_id,
            fd_type: attr.fd_type,
            name_len: attr.buf_len as usize,
            offset: attr.probe_offset,
            addr: attr.probe_addr,
        })
    }
}
