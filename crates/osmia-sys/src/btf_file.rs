//! BTF that the kernel keeps in sysfs.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{fstat, fstatfs};
use rustix::io::Errno;

use crate::area::Area;

/// The magic number of sysfs.
const SYSFS_MAGIC: u32 = 0x6265_6572;

/// The bytes of a BTF file, such as `/sys/kernel/btf/vmlinux`.
///
/// A file in sysfs is mapped where the kernel allows it, which costs nothing but address space: a read of such
/// a file yields a page per call and a copy of all of it. Other files can change under a mapping, and are read.
///
/// # Kernel
///
/// sysfs has BTF since 5.4 (of modules since 5.11), with `CONFIG_DEBUG_INFO_BTF`. It can be mapped since 6.16.
///
/// # Errors
///
/// What opening and reading can meet; `ENOENT` where the kernel has no BTF.
///
/// # Examples
///
/// ```
/// let path = std::path::Path::new("/sys/kernel/btf/vmlinux");
/// if let Ok(btf) = osmia_sys::read_btf_file(path) {
///     assert_eq!(u16::from_ne_bytes([btf[0], btf[1]]), 0xeb9f);
/// }
/// ```
pub fn read_btf_file(path: &Path) -> Result<Bytes, Errno> {
    let mut file = File::open(path).map_err(|error| errno(&error))?;
    let len = usize::try_from(fstat(&file)?.st_size).map_err(|_| Errno::FBIG)?;
    let in_sysfs = u32::try_from(fstatfs(&file)?.f_type).is_ok_and(|magic| magic == SYSFS_MAGIC);
    if in_sysfs && len > 0 {
        match Area::private(&file, len) {
            Ok(area) => return Ok(Bytes::from_owner(KernelBytes(area))),
            // The kernel cannot map it: before 6.16, and for the BTF of modules.
            Err(Errno::NODEV | Errno::INVAL | Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno),
        }
    }
    let mut bytes = Vec::with_capacity(len);
    file.read_to_end(&mut bytes).map_err(|error| errno(&error))?;
    Ok(Bytes::from(bytes))
}

/// A mapped file that the kernel made and never changes.
struct KernelBytes(Area);

impl AsRef<[u8]> for KernelBytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the mapping is readable for its whole length as long as it lives, and nobody writes to it: sysfs
        // hands out the kernel's own read-only section.
        unsafe { std::slice::from_raw_parts(self.0.start().as_ptr(), self.0.len()) }
    }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
