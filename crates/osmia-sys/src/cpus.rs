//! The machine's CPUs.

use rustix::io::Errno;

/// Where the kernel lists the CPUs that may ever be there.
const POSSIBLE: &str = "/sys/devices/system/cpu/possible";
/// Where the kernel lists the CPUs that run now.
const ONLINE: &str = "/sys/devices/system/cpu/online";

/// How many CPUs may ever be there: a per-CPU map has a value for each.
///
/// # Errors
///
/// Where sysfs is not mounted (`ENOENT`) or lists no CPU (`INVAL`).
pub fn possible_cpus() -> Result<usize, Errno> {
    read(POSSIBLE).map(|ids| ids.len())
}

/// The numbers of the CPUs that run now.
///
/// # Errors
///
/// As for [`possible_cpus`].
pub fn online_cpus() -> Result<Vec<usize>, Errno> {
    read(ONLINE)
}

fn read(path: &str) -> Result<Vec<usize>, Errno> {
    let list = std::fs::read_to_string(path)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    parse(&list).ok_or(Errno::INVAL)
}

/// Parses the kernel's list format, `0-3,8`; nothing if it is not in that format, or empty.
fn parse(list: &str) -> Option<Vec<usize>> {
    /// The most CPUs a Linux kernel can be built for is 8192 today.
    const LIMIT: usize = 1 << 16;
    let mut ids = Vec::new();
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        if last < first || last >= LIMIT {
            return None;
        }
        ids.extend(first..=last);
    }
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lists_of_ranges_are_read() {
        assert_eq!(parse("0\n"), Some(vec![0]));
        assert_eq!(parse("0-2,5\n"), Some(vec![0, 1, 2, 5]));
        for bad in ["", "\n", "a", "3-1", "0-", "0-99999999", "0,,1"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
