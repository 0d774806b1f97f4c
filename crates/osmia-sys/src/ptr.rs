//! Pointers in attributes: the kernel takes them as 64-bit numbers.

/// The start of a slice that the kernel reads; zero for an empty one.
pub(crate) fn read<T>(slice: &[T]) -> u64 {
    if slice.is_empty() { 0 } else { slice.as_ptr().expose_provenance() as u64 }
}

/// The start of a slice that the kernel writes; zero for an empty one.
pub(crate) fn write<T>(slice: &mut [T]) -> u64 {
    if slice.is_empty() { 0 } else { slice.as_mut_ptr().expose_provenance() as u64 }
}

/// The length of a slice in a 32-bit field.
pub(crate) fn len<T>(slice: &[T]) -> Result<u32, rustix::io::Errno> {
    u32::try_from(slice.len()).map_err(|_| rustix::io::Errno::TOOBIG)
}

/// The start of a text that the kernel reads to its NUL.
pub(crate) fn text(text: &std::ffi::CStr) -> u64 {
    text.as_ptr().expose_provenance() as u64
}
