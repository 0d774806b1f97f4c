//! Which processes hold which BPF objects.

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::thread::{self, JoinHandle};

use osmia_sys::{Errno, FdKind};
use rustix::fs::{Mode, OFlags, RawDir, openat, readlinkat_raw};
use serde::Serialize;

/// A process that has an object open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub comm: String,
}

/// The processes that have objects open, by the objects' kinds and ids.
#[derive(Debug, Default)]
pub struct Holders(HashMap<(FdKind, u32), Vec<Holder>>);

impl Holders {
    /// Looks through the descriptors of all processes that the user may look into.
    ///
    /// What goes away meanwhile, and what may not be seen, is left out.
    pub fn find(kind: FdKind) -> Self {
        let mut holders = Self::default();
        let me = std::process::id();
        let Some(processes) = open(c"/proc") else { return holders };
        each_name(&processes, |name| {
            let pid = name.to_str().ok().and_then(|name| name.parse().ok());
            // What this command has open it holds for a moment only.
            if let Some(pid) = pid.filter(|pid| *pid != me) {
                holders.process(&processes, pid, kind);
            }
            true
        });
        holders
    }

    /// The same, meanwhile.
    pub fn begin(kind: FdKind) -> JoinHandle<Self> {
        thread::spawn(move || Self::find(kind))
    }

    /// The processes that have this object open, in the order of their numbers.
    pub fn of(&self, kind: FdKind, id: u32) -> &[Holder] {
        self.0.get(&(kind, id)).map_or(&[], Vec::as_slice)
    }

    fn process(&mut self, processes: &OwnedFd, pid: u32, kind: FdKind) {
        let Ok(path) = CString::new(format!("{pid}/fd")) else { return };
        let Ok(files) = openat(processes, path, DIRECTORY, Mode::empty()) else { return };
        let mut comm = None;
        each_name(&files, |fd| {
            let mut target = [0; 32];
            let target = match readlinkat_raw(&files, fd, &mut target[..]) {
                Ok(len) => target.get(..len).unwrap_or_default(),
                // What may not be seen of one may not be seen of the others.
                Err(errno) => return errno != Errno::ACCESS && errno != Errno::PERM,
            };
            if FdKind::named(target) != Some(kind) {
                return true;
            }
            let root = Path::new("/proc").join(pid.to_string());
            let told = root.join("fdinfo").join(OsStr::from_bytes(fd.to_bytes()));
            let told = fs::read_to_string(told).unwrap_or_default();
            let Some(id) = id(kind, &told) else { return true };
            let comm = comm.get_or_insert_with(|| {
                let name = fs::read_to_string(root.join("comm")).unwrap_or_default();
                name.trim_end().to_owned()
            });
            let known = self.0.entry((kind, id)).or_default();
            if known.last().is_none_or(|last| last.pid != pid) {
                known.push(Holder { pid, comm: comm.clone() });
            }
            true
        });
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn open(path: &CStr) -> Option<OwnedFd> {
    rustix::fs::open(path, DIRECTORY, Mode::empty()).ok()
}

/// Visits the names in a directory, in no order, as long as the visitor wants more.
fn each_name(directory: &OwnedFd, mut visit: impl FnMut(&CStr) -> bool) {
    let mut room = Vec::with_capacity(8192);
    let mut entries = RawDir::new(directory, room.spare_capacity_mut());
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        if !name.to_bytes().starts_with(b".") && !visit(name) {
            break;
        }
    }
}

/// The id in what procfs tells of a descriptor.
fn id(kind: FdKind, told: &str) -> Option<u32> {
    let key = match kind {
        FdKind::Prog => "prog_id:",
        FdKind::Map => "map_id:",
        FdKind::Btf => "btf_id:",
        FdKind::Link => "link_id:",
        _ => return None,
    };
    told.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
}

/// The processes in one line: `name(pid)`, and how many more there are.
pub fn text(holders: &[Holder]) -> String {
    const SHOWN: usize = 3;
    let shown = holders.iter().take(SHOWN);
    let mut text: Vec<String> =
        shown.map(|holder| format!("{}({})", holder.comm, holder.pid)).collect();
    if holders.len() > SHOWN {
        text.push(format!("+{}", holders.len() - SHOWN));
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use osmia_sys::FdKind;

    use super::{Holder, id, text};

    #[test]
    fn ids_are_read_from_what_procfs_tells() {
        let told = "pos:\t0\nflags:\t02000002\nlink_type:\txdp\nlink_id:\t12\nprog_id:\t7\n";
        assert_eq!(id(FdKind::Link, told), Some(12));
        assert_eq!(id(FdKind::Prog, told), Some(7));
        assert_eq!(id(FdKind::Map, told), None);
    }

    #[test]
    fn many_processes_are_counted() {
        let holder = |pid| Holder { pid, comm: "x".into() };
        assert_eq!(text(&[holder(1)]), "x(1)");
        assert_eq!(text(&[1, 2, 3, 4, 5].map(holder)), "x(1) x(2) x(3) +2");
    }
}
