//! The first values of data sections.

use osmia_object::{MapRole, MapSpec};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::map::Map;
use crate::map::update::UpdateFlags;

/// Writes a section's value, and freezes constants.
pub(super) fn fill(kernel: &Kernel, spec: &MapSpec, map: &Map) -> Result<(), Error> {
    let size = spec.value_size as usize;
    if spec.contents.len() > size {
        let len = spec.contents.len();
        return Err(Error::invalid(format!("its contents have {len} bytes, its value {size}")));
    }
    // The kernel makes maps of zeros.
    if spec.contents.iter().any(|&byte| byte != 0) {
        let zero = [0; 4];
        if spec.contents.len() == size {
            map.update(&zero, &spec.contents, UpdateFlags::ANY)?;
        } else {
            let mut value = spec.contents.to_vec();
            value.resize(size, 0);
            map.update(&zero, &value, UpdateFlags::ANY)?;
        }
    }
    if !matches!(spec.role, MapRole::Constants | MapRole::Kconfig) {
        return Ok(());
    }
    match map.freeze() {
        // Kernels without global data cannot freeze, and have no use for it.
        Err(_) if kernel.known_features().lacks(kernel.bpf(), Feature::GlobalData) => Ok(()),
        frozen => frozen,
    }
}

/// Maps an arena, without which programs that use it are not verified, and writes its variables.
pub(super) fn fill_arena(spec: &MapSpec, map: &Map) -> Result<(), Error> {
    let memory = map.kernel("mapping an arena")?.memory().ok_or_else(|| {
        Error::invalid(
            "it cannot be mapped: an arena needs BPF_F_MMAPABLE in its map_flags, and its address \
             (map_extra) must be free in this process",
        )
    })?;
    memory.write(0, &spec.contents).map_err(|errno| {
        let (len, pages) = (spec.contents.len(), spec.max_entries);
        Error::invalid(format!("its variables take {len} bytes, and it has {pages} pages"))
            .caused_by(errno)
    })
}
