//! Maps for the slots of loaded maps of maps.

use std::os::fd::AsFd as _;
use std::sync::Arc;

use osmia_object::MapSpec;
use osmia_sys::BtfFd;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::load::map::{Extras, max_entries, request};
use crate::load::map_refusal::refused;
use crate::map::Map;
use crate::map::inner_map::MakeInner;
use crate::map::kernel_map::KernelMap;

/// How the inner maps of a map look, and what creating the pattern of them showed.
#[derive(Debug)]
pub(super) struct InnerMaps {
    pub(super) kernel: Kernel,
    pub(super) spec: MapSpec,
    pub(super) extras: Extras,
    /// The object's types in the kernel: maps with locks or timers in their values need them.
    pub(super) types: Option<Arc<BtfFd>>,
}

impl MakeInner for InnerMaps {
    fn make(&self, name: Option<&str>, size: Option<u32>) -> Result<Map, Error> {
        let mut spec = self.spec.clone();
        if let Some(name) = name {
            (spec.name, spec.kernel_name) = (name.to_owned(), None);
        }
        spec.max_entries = size.unwrap_or(spec.max_entries);
        let max_entries = max_entries(&self.kernel, &spec)?;
        let types = self.types.as_ref().map(|types| types.as_fd());
        let create = request(&spec, max_entries, self.extras, types);
        let fd = self.kernel.bpf().map_create(&create);
        let fd = fd.map_err(|errno| refused(&self.kernel, &spec, max_entries, errno))?;
        Ok(Map::new(spec.name, KernelMap::with_max_entries(self.kernel.bpf(), fd, max_entries)))
    }
}
