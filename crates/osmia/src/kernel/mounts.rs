//! Which file systems are mounted where.

use std::path::{Path, PathBuf};

use crate::kernel::files::Files;

/// Whether a file system of this type is mounted at a directory above `path`, innermost mount counting.
/// `None` where procfs does not tell.
pub(crate) fn holds(files: &Files, path: &Path, fs_type: &str) -> Option<bool> {
    let table = files.read("/proc/self/mounts").ok()?;
    let path = std::path::absolute(path).ok()?;
    let above = mounts(&table).filter(|(at, _)| path.starts_with(at));
    // Of mounts at the same place the last one is seen.
    let innermost = above.max_by_key(|(at, _)| at.components().count());
    Some(innermost.is_some_and(|(_, kind)| kind == fs_type))
}

/// Where the first file system of this type is mounted.
pub(crate) fn first(files: &Files, fs_type: &str) -> Option<PathBuf> {
    let table = files.read("/proc/self/mounts").ok()?;
    mounts(&table).find(|(_, kind)| *kind == fs_type).map(|(at, _)| at)
}

fn mounts(table: &str) -> impl Iterator<Item = (PathBuf, &str)> {
    table.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((PathBuf::from(unescape(words.next()?)), words.next()?))
    })
}

/// Undoes the octal escapes of blanks and backslashes.
fn unescape(word: &str) -> String {
    word.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::mounts;

    #[test]
    fn the_table_is_read() {
        let table = "bpf /sys/fs/bpf bpf rw 0 0\nx /a\\040b tmpfs rw 0 0\nbroken\n";
        let read: Vec<_> = mounts(table).collect();
        assert_eq!(read[0], (PathBuf::from("/sys/fs/bpf"), "bpf"));
        assert_eq!(read[1].0, Path::new("/a b"));
        assert_eq!(read.len(), 2);
    }
}
