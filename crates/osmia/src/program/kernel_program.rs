//! A program in the kernel.

use std::sync::Arc;

use osmia_sys::{Errno, ProgFd, Ran, TestRun};

use crate::kernel::Kernel;
use crate::link::usdt::specs::UsdtSpecs;
use crate::program::place::ProgramPlace;

/// A program's descriptor, and the kernel that it is loaded into.
#[derive(Debug)]
pub(crate) struct KernelProgram {
    kernel: Kernel,
    fd: ProgFd,
    /// What it is told of marks, if its object is made for them.
    usdt: Option<Arc<UsdtSpecs>>,
}

impl KernelProgram {
    pub(crate) fn new(kernel: &Kernel, fd: ProgFd) -> Self {
        Self { kernel: kernel.clone(), fd, usdt: None }
    }

    pub(crate) fn with_usdt(self, usdt: Option<&Arc<UsdtSpecs>>) -> Self {
        Self { usdt: usdt.cloned(), ..self }
    }

    pub(crate) fn kernel_value(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn usdt(&self) -> Option<&Arc<UsdtSpecs>> {
        self.usdt.as_ref()
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
