//! The kernel's own file systems, mounted at their usual places.

use std::{
    ffi::CStr,
    fs, io,
    path::{Path, PathBuf},
};

use rustix::mount::{MountFlags, mount};

/// A file system that the kernel fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudo {
    kind: &'static str,
    usual: &'static str,
}

/// tracefs: events, the trace pipe.
pub const TRACEFS: Pseudo = Pseudo { kind: "tracefs", usual: "/sys/kernel/tracing" };
/// debugfs: error injection lists, extended fault settings.
pub const DEBUGFS: Pseudo = Pseudo { kind: "debugfs", usual: "/sys/kernel/debug" };
/// bpffs: pins.
pub const BPFFS: Pseudo = Pseudo { kind: "bpf", usual: "/sys/fs/bpf" };
/// cgroup2: the unified control group tree.
pub const CGROUP2: Pseudo = Pseudo { kind: "cgroup2", usual: "/sys/fs/cgroup" };

impl Pseudo {
    /// The file system's type, as `/proc/mounts` has it.
    pub fn kind(self) -> &'static str {
        self.kind
    }

    /// The command that mounts it at its usual place.
    pub fn how_to_mount(self) -> String {
        format!("mount -t {0} {0} {1}", self.kind, self.usual)
    }

    /// Where it is mounted, if it is: at its usual place rather than elsewhere.
    ///
    /// # Errors
    /// If `/proc/mounts` cannot be read.
    pub fn mounted(self) -> io::Result<Option<PathBuf>> {
        let table = fs::read_to_string("/proc/mounts")?;
        let places = places(&table, self.kind);
        let usual = Path::new(self.usual);
        Ok(places.iter().find(|place| *place == usual).or(places.first()).cloned())
    }

    /// Where it is mounted, after mounting it at its usual place if it is nowhere. It stays mounted: that is the state a
    /// machine is normally in, and others may have come to use it.
    ///
    /// # Errors
    /// If it is nowhere and cannot be mounted: needs `CAP_SYS_ADMIN`, and a kernel built with it.
    pub fn ensure(self) -> io::Result<PathBuf> {
        if let Some(place) = self.mounted()? {
            return Ok(place);
        }
        mount(self.kind, self.usual, self.kind, MountFlags::empty(), None::<&CStr>).map_err(
            |errno| {
                io::Error::new(
                    errno.kind(),
                    format!("mount {} on {}: {errno}", self.kind, self.usual),
                )
            },
        )?;
        Ok(self.usual.into())
    }
}

/// The mount points of a file system type, with `/proc/mounts`'s octal escapes undone.
fn places(table: &str, kind: &str) -> Vec<PathBuf> {
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let place = fields.next()?;
            (fields.next()? == kind).then(|| PathBuf::from(unescape(place)))
        })
        .collect()
}

fn unescape(place: &str) -> String {
    place.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::places;

    #[test]
    fn finds_mounts_by_type() {
        let table = "proc /proc proc rw 0 0\n\
                     none /sys/fs/bpf bpf rw 0 0\n\
                     bpf /a\\040b bpf rw 0 0\n";
        assert_eq!(places(table, "bpf"), [PathBuf::from("/sys/fs/bpf"), PathBuf::from("/a b")]);
        assert!(places(table, "tracefs").is_empty());
    }
}
