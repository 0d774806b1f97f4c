//! The limit on lockable memory, which bounded maps and programs before 5.11.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lifts this process's limit on lockable memory.
///
/// # Kernel
///
/// Of use before 5.11 only; later kernels count the memory of maps and programs to the cgroup.
///
/// # Errors
///
/// `EPERM` without `CAP_SYS_RESOURCE`.
pub fn lift_memlock() -> Result<(), Errno> {
    setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None })
}

/// The limit on lockable memory in bytes; nothing where there is none.
pub fn memlock() -> Option<u64> {
    getrlimit(Resource::Memlock).current
}
