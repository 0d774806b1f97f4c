//! Where a program lives.

use std::fmt;

use osmia_sys::{Errno, Ran, TestRun};

use crate::program::kernel_program::KernelProgram;

/// A program in the place where it runs: the kernel, or an engine in this process.
pub(crate) trait ProgramPlace: Send + Sync + fmt::Debug {
    /// Runs it by hand.
    fn test_run(&self, run: &mut TestRun<'_>) -> Result<Ran, Errno>;

    /// The program in the kernel, if it is there.
    fn kernel(&self) -> Option<&KernelProgram>;
}
