//! Where a map lives.

use std::fmt;

use osmia_abi::MapType;
use osmia_sys::{BatchCursor, Batched, Errno};

use crate::map::kernel_map::KernelMap;

/// A map in the place where it lives: the kernel, or an engine in this process.
///
/// Missing keys are `ENOENT`, as in bpf(2); the handle above says what was attempted.
pub(crate) trait MapPlace: Send + Sync + fmt::Debug {
    /// The sizes.
    fn shape(&self) -> &Shape;

    /// Copies the value of `key` out.
    fn lookup(&self, key: &[u8], value: &mut [u8], flags: u64) -> Result<(), Errno>;

    /// The same, and deletes it.
    fn lookup_and_delete(&self, key: &[u8], value: &mut [u8], flags: u64) -> Result<(), Errno>;

    /// Writes the value of `key`.
    fn update(&self, key: &[u8], value: &[u8], flags: u64) -> Result<(), Errno>;

    /// Deletes `key`.
    fn delete(&self, key: &[u8]) -> Result<(), Errno>;

    /// The key after `key`, or the first one.
    fn next_key(&self, key: Option<&[u8]>, next: &mut [u8]) -> Result<(), Errno>;

    /// The next elements; `cursor` is `None` before the first. `ENOTSUPP` where elements are had
    /// one by one only.
    fn lookup_batch(
        &self,
        cursor: &mut Option<BatchCursor>,
        keys: &mut [u8],
        values: &mut [u8],
    ) -> Batched;

    /// The same, and deletes them.
    fn take_batch(
        &self,
        cursor: &mut Option<BatchCursor>,
        keys: &mut [u8],
        values: &mut [u8],
    ) -> Batched;

    /// Writes elements in their order, up to the first that fails.
    fn update_batch(&self, keys: &[u8], values: &[u8], flags: u64) -> Batched;

    /// Deletes keys in their order, up to the first that fails.
    fn delete_batch(&self, keys: &[u8]) -> Batched;

    /// The map in the kernel, if it is there.
    fn kernel(&self) -> Option<&KernelMap>;
}

/// The sizes of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) map_type: MapType,
    pub(crate) key_size: usize,
    /// The bytes of a value, of one CPU where each has its own.
    pub(crate) value_size: usize,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    /// How many CPUs have a value of their own, where they have.
    pub(crate) cpus: Option<usize>,
}

impl Shape {
    /// The bytes from one CPU's value, or one element of an array in memory, to the next.
    pub(crate) const fn stride(&self) -> usize {
        self.value_size.next_multiple_of(8)
    }

    /// The bytes of an element's value as it is copied: those of all CPUs where each has its own.
    pub(crate) const fn element_size(&self) -> usize {
        match self.cpus {
            Some(cpus) => cpus * self.stride(),
            None => self.value_size,
        }
    }

    /// Whether all indices up to the last always have a value.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.map_type, MapType::ARRAY | MapType::PERCPU_ARRAY)
    }
}
