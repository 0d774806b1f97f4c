//! A control group of the test's own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use crate::guard::mounts;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A new child of this process's cgroup in the unified (version 2) tree. It is removed, empty, when it is dropped.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    parent: PathBuf,
}

impl Cgroup {
    /// Makes a cgroup.
    ///
    /// # Panics
    /// If no cgroup2 is mounted or the cgroup cannot be made.
    pub fn new() -> Self {
        let parent = own_cgroup().unwrap_or_else(|error| panic!("this process's cgroup: {error}"));
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("osmia-test-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, parent }
    }

    /// Its directory, to open for an attachment.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves this whole process into it, for as long as the returned guard lives.
    ///
    /// # Panics
    /// If the process cannot be moved.
    pub fn join(&self) -> Member<'_> {
        move_here(&self.path)
            .unwrap_or_else(|error| panic!("join {}: {error}", self.path.display()));
        Member { cgroup: self }
    }

    /// Moves another process, such as a child, into it. It must have ended, or moved on, when the cgroup is dropped.
    ///
    /// # Errors
    /// If the process cannot be moved.
    pub fn add(&self, process: u32) -> io::Result<()> {
        fs::write(self.path.join("cgroup.procs"), process.to_string())
    }
}

impl Default for Cgroup {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let outcome = remove(&self.path);
        if let Err(error) = outcome {
            // A second panic would hide the first.
            assert!(thread::panicking(), "remove {}: {error}", self.path.display());
        }
    }
}

/// This process's membership in a [`Cgroup`].
#[derive(Debug)]
#[must_use = "dropping it leaves the cgroup"]
pub struct Member<'a> {
    cgroup: &'a Cgroup,
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if let Err(error) = move_here(&self.cgroup.parent) {
            assert!(thread::panicking(), "leave {}: {error}", self.cgroup.path.display());
        }
    }
}

fn move_here(cgroup: &Path) -> io::Result<()> {
    fs::write(cgroup.join("cgroup.procs"), process::id().to_string())
}

/// The directory of this process's cgroup in the unified tree.
fn own_cgroup() -> io::Result<PathBuf> {
    let root = mounts::CGROUP2
        .mounted()?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no cgroup2 in /proc/mounts"))?;
    let memberships = fs::read_to_string("/proc/self/cgroup")?;
    let own = memberships.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or("");
    Ok(root.join(own))
}

/// Removes a cgroup. A process that has just ended is a member for a moment longer.
fn remove(cgroup: &Path) -> io::Result<()> {
    let mut tries = 50;
    loop {
        match fs::remove_dir(cgroup) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && tries > 0 => {
                tries -= 1;
                thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}
