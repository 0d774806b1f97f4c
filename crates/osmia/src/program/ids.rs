//! The programs of a kernel.

use osmia_sys::IdKind;

use crate::error::Error;
use crate::ids::Ids;
use crate::kernel::Kernel;
use crate::program::Program;

/// The programs of a kernel, in the order of their ids. Those that go away meanwhile are left out.
#[derive(Debug)]
pub struct ProgramIds(Ids);

impl ProgramIds {
    pub(crate) fn new(kernel: &Kernel) -> Self {
        Self(Ids::new(kernel, IdKind::Prog))
    }
}

impl Iterator for ProgramIds {
    type Item = Result<Program, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Program::by_id)
    }
}
