//! A program in the kernel.

use osmia_sys::{Errno, ProgFd, Ran, TestRun};

use crate::kernel::Kernel;
use crate::program::place::ProgramPlace;

/// A program's descriptor, and the kernel that it is loaded into.
#[derive(Debug)]
pub(crate) struct KernelProgram {
    kernel: Kernel,
    fd: ProgFd,
}

impl KernelProgram {
    pub(crate) fn new(kernel: &Kernel, fd: ProgFd) -> Self {
        Self { kernel: kernel.clone(), fd }
    }

    pub(crate) fn kernel_value(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn fd(&self) -> &ProgFd {
        &self.fd
    }
}

impl ProgramPlace for KernelProgram {
    fn test_run(&self, run: &mut TestRun<'_>) -> Result<Ran, Errno> {
        self.kernel.bpf().prog_test_run(&self.fd, run)
    }

    fn kernel(&self) -> Option<&KernelProgram> {
        Some(self)
    }
}
