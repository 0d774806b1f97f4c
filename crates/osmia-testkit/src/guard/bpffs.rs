//! A bpffs of the test's own.

use std::{
    ffi::CStr,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

/// A private bpffs: what is pinned in it goes with it.
#[derive(Debug)]
pub struct Bpffs {
    place: TempDir,
}

impl Bpffs {
    /// Mounts a new bpffs on a new temporary directory.
    ///
    /// # Panics
    /// If it cannot be mounted.
    pub fn new() -> Self {
        let place = tempfile::Builder::new().prefix("osmia-bpffs-").tempdir();
        let place = place.unwrap_or_else(|error| panic!("a directory for a bpffs: {error}"));
        mount("bpf", place.path(), "bpf", MountFlags::empty(), None::<&CStr>)
            .unwrap_or_else(|errno| panic!("mount a bpffs on {}: {errno}", place.path().display()));
        Self { place }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

impl Default for Bpffs {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bpffs {
    fn drop(&mut self) {
        // Detached, so that a descriptor still open in it does not keep it in sight.
        if let Err(errno) = unmount(self.path(), UnmountFlags::DETACH) {
            let said = writeln!(io::stderr(), "unmount {}: {errno}", self.path().display());
            drop(said);
        }
    }
}
