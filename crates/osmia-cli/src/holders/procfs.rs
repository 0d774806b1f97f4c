//! Holders, looked for in procfs, which every kernel has.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use osmia_sys::{Errno, FdKind};
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, openat, readlinkat_raw, statat};

use crate::holders::Holders;

/// Looks through the descriptors of all processes that the user may look into, with two threads.
///
/// What goes away meanwhile, and what may not be seen, is left out.
pub fn search(kind: FdKind) -> Holders {
    let Some(processes) = Processes::list() else { return Holders::default() };
    thread::scope(|scope| {
        let other = scope.spawn(|| processes.search(kind));
        let mut found = processes.search(kind);
        // A search that panicked has told so, and has found nothing.
        found.extend(other.join().unwrap_or_default());
        found
    })
}

/// The processes that there are, to be looked into one after the other by any number of threads.
#[derive(Debug)]
struct Processes {
    procfs: OwnedFd,
    pids: Vec<u32>,
    next: AtomicUsize,
    /// Whether the size of a directory of descriptors tells how many there are (since 6.2).
    sizes: bool,
}

impl Processes {
    fn list() -> Option<Self> {
        let procfs = rustix::fs::open(c"/proc", DIRECTORY, Mode::empty()).ok()?;
        let me = std::process::id();
        let mut pids = Vec::new();
        each_name(&procfs, &mut names_room(), |name| {
            let pid = name.to_str().ok().and_then(|name| name.parse::<u32>().ok());
            // What this command has open it holds for a moment only.
            pids.extend(pid.filter(|pid| *pid != me));
            true
        });
        let own = statat(&procfs, c"self/fd", AtFlags::empty());
        let sizes = own.is_ok_and(|own| own.st_size > 0);
        Some(Self { procfs, pids, next: AtomicUsize::new(0), sizes })
    }

    fn search(&self, kind: FdKind) -> Holders {
        let (mut holders, mut room) = (Holders::default(), names_room());
        while let Some(pid) = self.pids.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            self.look_into(*pid, kind, &mut room, &mut holders);
        }
        holders
    }

    /// The descriptors of a process, unless it has none, as the kernel's own; and how many they are, if that is told.
    fn files(&self, pid: u32) -> Option<(OwnedFd, Option<usize>)> {
        let path = CString::new(format!("{pid}/fd")).ok()?;
        let count = match self.sizes {
            true => Some(statat(&self.procfs, &path, AtFlags::empty()).ok()?.st_size as usize),
            false => None,
        };
        if count == Some(0) {
            return None;
        }
        let files = openat(&self.procfs, path, DIRECTORY, Mode::empty()).ok()?;
        Some((files, count))
    }

    /// The beginning of a file of a process.
    fn read<'a>(&self, path: String, room: &'a mut [u8]) -> Option<&'a str> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(&self.procfs, path, flags, Mode::empty()).ok()?;
        let len = rustix::io::read(file, &mut *room).ok()?;
        let text = room.get(..len)?;
        Some(text.utf8_chunks().next()?.valid())
    }

    /// Notes the objects that a process holds.
    fn look_into(&self, pid: u32, kind: FdKind, room: &mut Vec<u8>, holders: &mut Holders) {
        let Some((files, count)) = self.files(pid) else { return };
        let (mut comm, mut seen) = (None, 0);
        each_name(&files, room, |fd| {
            seen += 1;
            // Those that were opened meanwhile may be left out; to ask for the end costs as much as for names.
            let more = count.is_none_or(|count| seen < count);
            let mut target = [0; 32];
            let target = match readlinkat_raw(&files, fd, &mut target[..]) {
                Ok(len) => target.get(..len).unwrap_or_default(),
                // What may not be seen of one may not be seen of the others.
                Err(errno) => return more && errno != Errno::ACCESS && errno != Errno::PERM,
            };
            if FdKind::named(target) != Some(kind) {
                return more;
            }
            // What comes first tells the ids; some links have long lists behind.
            let mut room = [0; 1024];
            let path = format!("{pid}/fdinfo/{}", fd.to_string_lossy());
            let told = self.read(path, &mut room).unwrap_or_default();
            let Some(id) = id(kind, told) else { return more };
            let comm = comm.get_or_insert_with(|| {
                let mut room = [0; 64];
                let name = self.read(format!("{pid}/comm"), &mut room).unwrap_or_default();
                name.trim_end().to_owned()
            });
            holders.add(id, pid, comm);
            more
        });
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Room for names, which serves directory after directory: some allocators give each back to the kernel.
fn names_room() -> Vec<u8> {
    Vec::with_capacity(8192)
}

/// Visits the names in a directory, in no order, as long as the visitor wants more.
fn each_name(directory: &OwnedFd, room: &mut Vec<u8>, mut visit: impl FnMut(&CStr) -> bool) {
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

#[cfg(test)]
mod tests {
    use osmia_sys::FdKind;

    use super::id;

    #[test]
    fn ids_are_read_from_what_procfs_tells() {
        let told = "pos:\t0\nflags:\t02000002\nlink_type:\txdp\nlink_id:\t12\nprog_id:\t7\n";
        assert_eq!(id(FdKind::Link, told), Some(12));
        assert_eq!(id(FdKind::Prog, told), Some(7));
        assert_eq!(id(FdKind::Map, told), None);
    }
}
