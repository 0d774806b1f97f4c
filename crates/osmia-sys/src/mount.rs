//! The file systems that BPF needs.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::statfs;
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

/// A file system of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KernelFs {
    /// Where objects are pinned.
    Bpf,
    /// Tracepoints, probes and the trace pipe.
    Trace,
    /// The unified control groups.
    Cgroup2,
}

impl KernelFs {
    /// Its magic number.
    const fn magic(self) -> u32 {
        match self {
            Self::Bpf => 0xcafe_4a11,
            Self::Trace => 0x7472_6163,
            Self::Cgroup2 => 0x6367_7270,
        }
    }

    /// Its name to mount(2) and in the table of mounts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bpf => "bpf",
            Self::Trace => "tracefs",
            Self::Cgroup2 => "cgroup2",
        }
    }

    /// Where it is mounted by custom, the usual place first.
    const fn places(self) -> &'static [&'static str] {
        match self {
            Self::Bpf => &["/sys/fs/bpf"],
            Self::Trace => &["/sys/kernel/tracing", "/sys/kernel/debug/tracing"],
            Self::Cgroup2 => &["/sys/fs/cgroup", "/sys/fs/cgroup/unified"],
        }
    }

    /// The usual place, whether it is mounted there or not.
    pub fn usual_place(self) -> &'static Path {
        Path::new(self.places().first().copied().unwrap_or("/"))
    }

    /// Whether `path` is in a file system of this kind.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such path, and others of statfs(2).
    pub fn holds(self, path: &Path) -> Result<bool, Errno> {
        let magic = statfs(path)?.f_type;
        // The type's width and sign depend on the machine; a magic number has 32 bits.
        Ok(magic as u32 == self.magic())
    }

    /// Where it is mounted: one of the customary places, or else the first in the table of mounts.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it is not mounted.
    pub fn find(self) -> Result<PathBuf, Errno> {
        let usual = self.places().iter().map(Path::new);
        if let Some(place) = usual.into_iter().find(|place| self.holds(place) == Ok(true)) {
            return Ok(place.to_owned());
        }
        self.mounts()?.into_iter().next().ok_or(Errno::NOENT)
    }

    /// All places where it is mounted, as the table of mounts has them.
    ///
    /// # Errors
    ///
    /// `ENOENT` if procfs is not mounted.
    pub fn mounts(self) -> Result<Vec<PathBuf>, Errno> {
        let mounts = fs::read_to_string("/proc/self/mounts")
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(mounts.lines().filter_map(|line| self.place_in(line)).collect())
    }

    /// Mounts it on a directory.
    ///
    /// # Errors
    ///
    /// `EPERM` without `CAP_SYS_ADMIN`, `ENOENT` if there is no such directory, `ENODEV` if the kernel has no such
    /// file system.
    pub fn mount(self, place: &Path) -> Result<(), Errno> {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount(self.name(), place, self.name(), flags, None)
    }

    /// The place in a line of the table of mounts, if it is one of this file system.
    fn place_in(self, line: &str) -> Option<PathBuf> {
        let mut fields = line.split(' ');
        let (place, kind) = (fields.nth(1)?, fields.next()?);
        (kind == self.name()).then(|| PathBuf::from(unescape(place)))
    }
}

/// Blanks and backslashes are written as three octal digits in the table of mounts.
fn unescape(field: &str) -> String {
    const ESCAPES: [(&str, &str); 4] =
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    ESCAPES.iter().fold(field.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_mounts_is_read() {
        let line = "none /run/my\\040bpf bpf rw,relatime 0 0";
        assert_eq!(KernelFs::Bpf.place_in(line), Some(PathBuf::from("/run/my bpf")));
        assert_eq!(KernelFs::Trace.place_in(line), None);
        assert_eq!(KernelFs::Bpf.place_in("bpf"), None);
    }

    #[test]
    fn another_file_system_is_not_it() {
        assert_eq!(KernelFs::Bpf.holds(Path::new("/proc")), Ok(false));
        assert_eq!(KernelFs::Bpf.holds(Path::new("/osmia/none")), Err(Errno::NOENT));
    }
}
