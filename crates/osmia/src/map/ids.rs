//! The maps of a kernel.

use osmia_sys::IdKind;

use crate::error::Error;
use crate::ids::Ids;
use crate::kernel::Kernel;
use crate::map::Map;

/// The maps of a kernel, in the order of their ids. Maps that go away meanwhile are left out.
#[derive(Debug)]
pub struct MapIds(Ids);

impl MapIds {
    pub(crate) fn new(kernel: &Kernel) -> Self {
        Self(Ids::new(kernel, IdKind::Map))
    }
}

impl Iterator for MapIds {
    type Item = Result<Map, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_with(Map::by_id)
    }
}
