//! The links of a kernel.

use osmia_sys::IdKind;

use crate::error::Error;
use crate::ids::Ids;
use crate::kernel::Kernel;
use crate::link::Link;

/// The links of a kernel, in the order of their ids. Those that go away meanwhile are left out.
///
/// Each keeps its place attached for as long as it is held.
#[derive(Debug)]
pub struct LinkIds(Ids);

impl LinkIds {
    pub(crate) fn new(kernel: &Kernel) -> Self {
        Self(Ids::new(kernel, IdKind::Link))
    }
}

impl Iterator for LinkIds {
    type Item = Result<Link, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Link::from_id)
    }
}
