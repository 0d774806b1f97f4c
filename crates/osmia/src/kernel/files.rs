//! The files in which a kernel says things of itself.

use std::io;
use std::path::{Path, PathBuf};

/// `/proc` and `/sys`, or where else they are mounted.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    root: PathBuf,
}

impl Files {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The path of a file, given as it is in a usual system: `/proc/mounts`.
    pub(crate) fn path(&self, usual: &str) -> PathBuf {
        self.root.join(usual.trim_start_matches('/'))
    }

    /// A small file's text.
    pub(crate) fn read(&self, usual: &str) -> io::Result<String> {
        std::fs::read_to_string(self.path(usual))
    }

    /// The kernel's release, as `uname -r` tells it.
    pub(crate) fn release(&self) -> Option<String> {
        let release = self.read("/proc/sys/kernel/osrelease").ok()?;
        // It becomes a part of paths.
        let release = release.trim();
        (!release.is_empty() && !release.contains('/')).then(|| release.to_owned())
    }

    /// The names in a directory; none if it cannot be read.
    pub(crate) fn names(directory: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.collect()
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new(PathBuf::from("/"))
    }
}
