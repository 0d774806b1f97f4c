//! How many bytes an element of a map has at the system call.

use osmia_abi::MapType;
use osmia_abi::flags::{BPF_F_ALL_CPUS, BPF_F_CPU};
use rustix::io::Errno;

use crate::cpus::possible_cpus;

/// The sizes of a map's keys and values as bpf(2) copies them, which bound every buffer handed to the kernel.
///
/// The kernel trusts its caller to have room for what it writes, so these sizes come from the kernel and are
/// kept beside the map's file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    map_type: MapType,
    key_size: usize,
    value_size: usize,
    /// Values of all CPUs together, where each CPU has its own.
    cpus: Option<usize>,
}

impl MapShape {
    /// The shape of a map that the kernel describes like this.
    ///
    /// # Errors
    ///
    /// Where the CPUs of the machine cannot be counted and the map has a value for each.
    pub(crate) fn new(map_type: MapType, key_size: u32, value_size: u32) -> Result<Self, Errno> {
        let cpus = if is_per_cpu(map_type) { Some(possible_cpus()?) } else { None };
        let value_size = if holds_fds(map_type) { 4 } else { value_size as usize };
        Ok(Self { map_type, key_size: key_size as usize, value_size, cpus })
    }

    /// The type of the map.
    pub const fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The bytes of a key; zero where there are no keys.
    pub const fn key_size(&self) -> usize {
        self.key_size
    }

    /// The bytes of one value, of one CPU where each has its own.
    pub const fn value_size(&self) -> usize {
        self.value_size
    }

    /// How many CPUs have their own value, where the map is of that kind.
    pub const fn cpus(&self) -> Option<usize> {
        self.cpus
    }

    /// The bytes from one CPU's value to the next.
    pub const fn cpu_stride(&self) -> usize {
        self.value_size.next_multiple_of(8)
    }

    /// The bytes of an element's value at the system call, under these element flags: the values of all
    /// possible CPUs, each rounded up to 8 bytes, unless a flag singles out one.
    pub const fn element_size(&self, flags: u64) -> usize {
        match self.cpus {
            Some(cpus) if flags & (BPF_F_CPU | BPF_F_ALL_CPUS) == 0 => cpus * self.cpu_stride(),
            _ => self.value_size,
        }
    }

    /// Whether this build knows how the kernel copies elements of the map's type.
    pub(crate) fn is_known(&self) -> bool {
        self.map_type.name().is_some()
    }
}

/// Whether each CPU has its own value, in the eyes of bpf(2).
fn is_per_cpu(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::PERCPU_HASH
            | MapType::LRU_PERCPU_HASH
            | MapType::PERCPU_ARRAY
            | MapType::PERCPU_CGROUP_STORAGE
    )
}

/// Whether the values are file descriptors going in and ids coming out.
fn holds_fds(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::PERF_EVENT_ARRAY
            | MapType::PROG_ARRAY
            | MapType::CGROUP_ARRAY
            | MapType::ARRAY_OF_MAPS
            | MapType::HASH_OF_MAPS
    )
}

#[cfg(test)]
mod tests {
    use osmia_abi::flags::BPF_F_CPU;

    use super::*;

    #[test]
    fn per_cpu_values_take_a_rounded_slot_for_each_possible_cpu() {
        let shape = MapShape::new(MapType::PERCPU_ARRAY, 4, 12).unwrap();
        let cpus = possible_cpus().unwrap();
        assert_eq!(shape.element_size(0), 16 * cpus);
        assert_eq!(shape.element_size(BPF_F_CPU), 12);
        assert_eq!(shape.cpus(), Some(cpus));
    }

    #[test]
    fn other_values_are_as_they_were_declared() {
        let shape = MapShape::new(MapType::HASH, 4, 12).unwrap();
        assert_eq!((shape.element_size(0), shape.cpus()), (12, None));
        assert_eq!(MapShape::new(MapType::HASH_OF_MAPS, 4, 8).unwrap().element_size(0), 4);
    }
}
