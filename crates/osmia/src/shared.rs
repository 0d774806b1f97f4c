//! Values in memory that others write to.

use osmia_sys::{Errno, SharedMemory};

use crate::plain::Plain;

/// Loads a value: whole if it is a scalar at its natural place, word by word otherwise.
#[inline]
pub(crate) fn load<T: Plain>(memory: &SharedMemory, offset: usize) -> Result<T, Errno> {
    let mut value = T::new_zeroed();
    load_into(memory, offset, value.as_mut_bytes())?;
    Ok(value)
}

/// Stores a value, likewise.
#[inline]
pub(crate) fn store<T: Plain>(
    memory: &SharedMemory,
    offset: usize,
    value: &T,
) -> Result<(), Errno> {
    store_from(memory, offset, value.as_bytes())
}

/// Loads bytes: whole if they are a scalar's at its natural place.
#[inline]
pub(crate) fn load_into(
    memory: &SharedMemory,
    offset: usize,
    bytes: &mut [u8],
) -> Result<(), Errno> {
    match bytes.len() {
        1 => bytes.copy_from_slice(&[memory.load_u8(offset)?]),
        2 if offset % 2 == 0 => bytes.copy_from_slice(&memory.load_u16(offset)?.to_ne_bytes()),
        4 if offset % 4 == 0 => bytes.copy_from_slice(&memory.load_u32(offset)?.to_ne_bytes()),
        8 if offset % 8 == 0 => bytes.copy_from_slice(&memory.load_u64(offset)?.to_ne_bytes()),
        _ => memory.read(offset, bytes)?,
    }
    Ok(())
}

/// Stores bytes, likewise.
#[inline]
pub(crate) fn store_from(memory: &SharedMemory, offset: usize, bytes: &[u8]) -> Result<(), Errno> {
    let aligned = |size: usize| bytes.len() == size && offset % size == 0;
    if let ([byte], true) = (bytes, aligned(1)) {
        return memory.store_u8(offset, *byte);
    }
    if let (Ok(bytes), true) = (bytes.try_into(), aligned(2)) {
        return memory.store_u16(offset, u16::from_ne_bytes(bytes));
    }
    if let (Ok(bytes), true) = (bytes.try_into(), aligned(4)) {
        return memory.store_u32(offset, u32::from_ne_bytes(bytes));
    }
    if let (Ok(bytes), true) = (bytes.try_into(), aligned(8)) {
        return memory.store_u64(offset, u64::from_ne_bytes(bytes));
    }
    memory.write(offset, bytes)
}
