//! The interface that programs are loaded for.

use std::error::Error;

use osmia::interface_index;
use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_XDP_DEV_BOUND_ONLY;
use osmia_object::{MapSpec, ObjectSpec};
use osmia_sys::Errno;

use crate::failure::Failure;

/// The interface that programs are loaded for.
pub struct Device {
    name: String,
    index: u32,
    /// Whether its hardware runs them; they only may ask for its metadata otherwise.
    offload: bool,
}

impl Device {
    /// The interface of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str, offload: bool) -> Result<Self, Failure> {
        let index = interface_index(name)?;
        Ok(Self { name: name.to_owned(), index, offload })
    }

    /// Makes the object one for this interface.
    pub fn bind(&self, spec: &mut ObjectSpec) {
        for program in spec.programs.values_mut() {
            program.ifindex = self.index;
            if !self.offload {
                program.flags |= BPF_F_XDP_DEV_BOUND_ONLY;
            }
        }
        // Events come to the host in any case.
        let moves = |map: &&mut MapSpec| map.map_type != MapType::PERF_EVENT_ARRAY;
        for map in spec.maps.values_mut().filter(moves).filter(|_| self.offload) {
            map.ifindex = self.index;
        }
    }

    /// That its driver refuses.
    pub fn unable(&self) -> Failure {
        let name = &self.name;
        Failure::unsupported(match self.offload {
            true => format!("the driver of {name} runs no programs in its hardware"),
            false => format!("the driver of {name} tells programs no metadata of packets"),
        })
    }
}

/// Whether it is the interface's driver that a load has failed for.
pub fn is_refusal(error: &osmia::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.downcast_ref() == Some(&Errno::OPNOTSUPP) {
            return true;
        }
        next = error.source();
    }
    false
}
