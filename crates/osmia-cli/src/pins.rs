//! Where objects are pinned.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use osmia_sys::{Bpf, Errno, FdKind, KernelFs, LinkFd, MapFd, ProgFd, ProgInfoBufs};

use crate::failure::Failure;

/// Directories deeper than this are not looked into.
const DEPTH: usize = 64;

/// Where objects are pinned, by their kinds and ids.
#[derive(Debug, Default)]
pub struct Pins(HashMap<(FdKind, u32), Vec<PathBuf>>);

impl Pins {
    /// Looks through all bpf file systems.
    ///
    /// What goes away meanwhile, and what may not be seen, is left out.
    pub fn find(bpf: &Bpf) -> Self {
        let mut pins = Self::default();
        for place in KernelFs::Bpf.mounts().unwrap_or_default() {
            pins.walk(bpf, &place);
        }
        pins.0.values_mut().for_each(|paths| paths.sort());
        pins
    }

    /// The paths at which this object is pinned.
    pub fn of(&self, kind: FdKind, id: u32) -> &[PathBuf] {
        self.0.get(&(kind, id)).map_or(&[], Vec::as_slice)
    }

    fn walk(&mut self, bpf: &Bpf, root: &Path) {
        let mut directories = vec![(root.to_owned(), 0)];
        while let Some((directory, depth)) = directories.pop() {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && depth < DEPTH {
                    directories.push((entry.path(), depth + 1));
                } else if kind.is_file() {
                    let path = entry.path();
                    if let Some(object) = object(bpf, &path) {
                        self.0.entry(object).or_default().push(path);
                    }
                }
            }
        }
    }
}

/// What is pinned there.
fn object(bpf: &Bpf, path: &Path) -> Option<(FdKind, u32)> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let fd = bpf.obj_get(None, &path, 0).ok()?;
    let kind = FdKind::of(&fd).ok()??;
    Some((kind, id(bpf, kind, fd)?))
}

fn id(bpf: &Bpf, kind: FdKind, fd: OwnedFd) -> Option<u32> {
    Some(match kind {
        FdKind::Prog => {
            bpf.prog_info(&ProgFd::new(fd).ok()?, &mut ProgInfoBufs::default()).ok()?.id
        }
        FdKind::Map => bpf.map_info(&MapFd::new(bpf, fd).ok()?).ok()?.id,
        FdKind::Link => bpf.link_info(&LinkFd::new(fd).ok()?).ok()?.id,
        _ => return None,
    })
}

/// Gives an object a name in a bpf file system.
///
/// # Errors
/// The name is taken, its directory is missing, or it is not in a bpf file system.
pub fn pin(bpf: &Bpf, what: &str, object: impl AsFd, path: &Path) -> Result<(), Failure> {
    let attempt = format!("pin {what} to {}", path.display());
    let c_path = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Failure::usage(format!("{attempt}: the path has a NUL in it")))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    bpf.obj_pin(object, None, &c_path).map_err(|errno| {
        let dots = path.file_name().is_some_and(|name| name.as_bytes().contains(&b'.'));
        let why = match errno {
            Errno::EXIST => "there is such a file already".to_owned(),
            Errno::NOENT => {
                let missing = format!("the directory {} does not exist", directory.display());
                return Failure::not_found(format!("{attempt}: {missing}"));
            }
            _ if KernelFs::Bpf.holds(directory) == Ok(false) => {
                let usual = KernelFs::Bpf.find();
                let usual = usual.map(|place| format!("; one is mounted at {}", place.display()));
                let why = format!("it is not in a bpf file system{}", usual.unwrap_or_default());
                return Failure::usage(format!("{attempt}: {why}"));
            }
            Errno::PERM if dots => {
                return Failure::new(format!("{attempt}: names in a bpf file system have no dots"));
            }
            errno => return Failure::because(attempt.clone(), &errno),
        };
        Failure::new(format!("{attempt}: {why}"))
    })
}

/// Makes a folder for pins, and mounts a bpf file system where there is none at the usual place.
///
/// # Errors
/// It is not in a bpf file system, or cannot be made.
pub fn prepare_folder(folder: &Path) -> Result<(), Failure> {
    let usual = KernelFs::Bpf.usual_place();
    if folder.starts_with(usual) && KernelFs::Bpf.holds(usual) == Ok(false) {
        KernelFs::Bpf.mount(usual).map_err(|errno| {
            Failure::because(format!("mount a bpf file system at {}", usual.display()), &errno)
        })?;
    }
    // A folder elsewhere would be left behind by a pin that cannot be made there.
    let ancestor = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    if KernelFs::Bpf.holds(ancestor) != Ok(true) {
        let place =
            KernelFs::Bpf.find().map(|place| format!("; one is mounted at {}", place.display()));
        return Err(Failure::usage(format!(
            "{} is not in a bpf file system, where alone programs can be pinned{}",
            folder.display(),
            place.unwrap_or_default()
        )));
    }
    fs::create_dir_all(folder)
        .map_err(|error| Failure::because(format!("make the folder {}", folder.display()), &error))
}
