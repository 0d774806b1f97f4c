//! The limit on locked memory, which bounds BPF objects on old kernels.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many bytes this process may lock; nothing where there is no limit.
pub fn memlock_limit() -> Option<u64> {
    getrlimit(Resource::Memlock).current
}

/// Lifts the limit on locked memory of this process.
///
/// # Kernel
///
/// Of use before 5.11, where programs and maps count as locked memory.
///
/// # Errors
///
/// `EPERM` without `CAP_SYS_RESOURCE`.
pub fn lift_memlock_limit() -> Result<(), Errno> {
    setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None })
}

#[cfg(test)]
mod tests {
    use super::memlock_limit;

    #[test]
    fn the_limit_is_what_procfs_says() {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max locked memory")).unwrap();
        let word = line.split_whitespace().nth(3).unwrap();
        assert_eq!(memlock_limit(), word.parse().ok(), "{line}");
    }
}
