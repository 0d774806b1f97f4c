//! A map in the kernel.

use std::sync::OnceLock;

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_MMAPABLE;
use osmia_sys::{BatchCursor, Batched, Bpf, Errno, MapFd, SharedMemory};

use crate::map::place::{MapPlace, Shape};

/// A map's descriptor, and the way to the kernel that it belongs to.
#[derive(Debug)]
pub(crate) struct KernelMap {
    bpf: Bpf,
    fd: MapFd,
    shape: Shape,
    /// Where an arena wants to be mapped; 0 for anywhere.
    address: u64,
    /// The values in memory, once somebody asked for them; `None` if they cannot be mapped.
    memory: OnceLock<Option<SharedMemory>>,
}

impl KernelMap {
    /// Takes over a descriptor of a map that was made with this size.
    pub(crate) fn with_max_entries(bpf: &Bpf, fd: MapFd, max_entries: u32) -> Self {
        let known = fd.shape();
        let shape = Shape {
            map_type: known.map_type(),
            key_size: known.key_size(),
            value_size: known.value_size(),
            max_entries,
            flags: fd.map_flags(),
            cpus: known.cpus(),
        };
        Self { bpf: bpf.clone(), fd, shape, address: 0, memory: OnceLock::new() }
    }

    /// The same, mapped at this address; 0 for anywhere.
    pub(crate) fn at(mut self, address: u64) -> Self {
        self.address = address;
        self
    }

    pub(crate) fn bpf(&self) -> &Bpf {
        &self.bpf
    }

    pub(crate) fn fd(&self) -> &MapFd {
        &self.fd
    }

    /// The values in mapped memory, where the map allows it.
    #[inline]
    pub(crate) fn memory(&self) -> Option<&SharedMemory> {
        self.memory.get_or_init(|| self.map_memory()).as_ref()
    }

    fn map_memory(&self) -> Option<SharedMemory> {
        if self.shape.flags & BPF_F_MMAPABLE == 0 {
            return None;
        }
        let each = match self.shape.map_type {
            MapType::ARENA => osmia_sys::page_size(),
            _ => self.shape.stride(),
        };
        let len = each.checked_mul(self.shape.max_entries as usize)?;
        if self.address != 0 {
            return SharedMemory::map_at(&self.fd, usize::try_from(self.address).ok()?, len).ok();
        }
        // A map that is frozen can be mapped for reading; one that cannot be mapped at all is
        // read and written by system calls.
        SharedMemory::map(&self.fd, len, true)
            .or_else(|_| SharedMemory::map(&self.fd, len, false))
            .ok()
    }
}

impl MapPlace for KernelMap {
    #[inline]
    fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline]
    fn lookup(&self, key: &[u8], value: &mut [u8], flags: u64) -> Result<(), Errno> {
        self.bpf.map_lookup(&self.fd, key, value, flags)
    }

    fn lookup_and_delete(&self, key: &[u8], value: &mut [u8], flags: u64) -> Result<(), Errno> {
        self.bpf.map_lookup_and_delete(&self.fd, key, value, flags)
    }

    #[inline]
    fn update(&self, key: &[u8], value: &[u8], flags: u64) -> Result<(), Errno> {
        self.bpf.map_update(&self.fd, key, value, flags)
    }

    #[inline]
    fn delete(&self, key: &[u8]) -> Result<(), Errno> {
        self.bpf.map_delete(&self.fd, key)
    }

    #[inline]
    fn next_key(&self, key: Option<&[u8]>, next: &mut [u8]) -> Result<(), Errno> {
        self.bpf.map_next_key(&self.fd, key, next)
    }

    fn lookup_batch(
        &self,
        cursor: &mut Option<BatchCursor>,
        keys: &mut [u8],
        values: &mut [u8],
    ) -> Batched {
        let cursor = cursor.get_or_insert_with(|| BatchCursor::new(&self.fd));
        self.bpf.map_lookup_batch(&self.fd, cursor, keys, values, 0)
    }

    fn take_batch(
        &self,
        cursor: &mut Option<BatchCursor>,
        keys: &mut [u8],
        values: &mut [u8],
    ) -> Batched {
        let cursor = cursor.get_or_insert_with(|| BatchCursor::new(&self.fd));
        self.bpf.map_lookup_and_delete_batch(&self.fd, cursor, keys, values, 0)
    }

    fn update_batch(&self, keys: &[u8], values: &[u8], flags: u64) -> Batched {
        self.bpf.map_update_batch(&self.fd, keys, values, flags)
    }

    fn delete_batch(&self, keys: &[u8]) -> Batched {
        self.bpf.map_delete_batch(&self.fd, keys, 0)
    }

    fn kernel(&self) -> Option<&KernelMap> {
        Some(self)
    }
}
