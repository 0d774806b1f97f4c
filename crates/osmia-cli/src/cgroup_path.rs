//! Paths of cgroups.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use osmia_sys::KernelFs;

/// More cgroups than this are not looked through.
const MOST: usize = 100_000;

/// The directory of the cgroup with this id, which is its number in its file system.
pub fn of_id(id: u64) -> Option<PathBuf> {
    let mut left = vec![KernelFs::Cgroup2.find().ok()?];
    let mut seen = 0;
    while let Some(directory) = left.pop() {
        if fs::metadata(&directory).is_ok_and(|found| found.ino() == id) {
            return Some(directory);
        }
        seen += 1;
        if seen == MOST {
            return None;
        }
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        left.extend(directories.map(|entry| entry.path()));
    }
    None
}
