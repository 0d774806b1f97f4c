//! The archive that a kernel unpacks into its first file system (cpio's "newc" form).

use std::collections::BTreeSet;

/// An archive being written.
///
/// # Examples
/// ```
/// use osmia_vm::Cpio;
///
/// let mut cpio = Cpio::default();
/// cpio.file("etc/motd", b"hello");
/// assert!(cpio.finish().starts_with(b"070701"));
/// ```
#[derive(Debug, Default)]
pub struct Cpio {
    bytes: Vec<u8>,
    folders: BTreeSet<String>,
}

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const DEVICE: u32 = 0o020_600;

impl Cpio {
    /// Adds an empty folder, and those it is in. The path has no slash in front.
    pub fn folder(&mut self, path: &str) {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let path = path.get(..end).unwrap_or_default();
            if self.folders.insert(path.to_owned()) {
                self.entry(path, FOLDER, (0, 0), b"");
            }
        }
    }

    /// Adds a file, which can be run.
    pub fn file(&mut self, path: &str, contents: &[u8]) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
        self.entry(path, PROGRAM, (0, 0), contents);
    }

    /// Adds a character device.
    pub fn device(&mut self, path: &str, number: (u32, u32)) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
        self.entry(path, DEVICE, number, b"");
    }

    /// The finished archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), b"");
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), contents: &[u8]) {
        let size = contents.len() as u32;
        let name_size = path.len() as u32 + 1;
        // Inode, mode, user, group, links, time, size, device twice, length of the name, checksum.
        let fields = [0, mode, 0, 0, 1, 0, size, 0, 0, device.0, device.1, name_size, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes().chain([0]));
        self.pad();
        self.bytes.extend(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Cpio;

    #[test]
    fn entries_are_aligned_and_folders_come_first() {
        let mut cpio = Cpio::default();
        cpio.file("a/b/c", b"hello");
        cpio.file("a/b/d", b"");
        let bytes = cpio.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8_lossy(&bytes);
        let entries: Vec<usize> = text.match_indices("070701").map(|(at, _)| at).collect();
        let names: Vec<&str> =
            entries.iter().map(|at| text[at + 110..].split('\0').next().unwrap()).collect();
        assert_eq!(names, ["a", "a/b", "a/b/c", "a/b/d", "TRAILER!!!"]);
        assert!(entries.iter().all(|at| at % 4 == 0));
        let file = entries[2];
        assert_eq!(&text[file + 54..file + 62], "00000005", "the size");
        assert_eq!(&text[file + 116..file + 121], "hello");
    }
}
