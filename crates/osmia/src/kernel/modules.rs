//! The types of the kernel's modules.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use osmia_btf::Btf;
use osmia_btf::core_re::Target;

use osmia_sys::{BtfFd, Errno, IdKind};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::files::Files;
use crate::kernel::{Kernel, btf_source, no_btf};

/// Where the kernel keeps its types and those of its modules, one file each.
const DIRECTORY: &str = "/sys/kernel/btf";

/// Types of modules that were opened so far. The list itself is read anew each time: modules come
/// and go.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    open: Mutex<HashMap<String, Opened>>,
}

/// A module's types, and which file they are from: one that is loaded again has another.
#[derive(Debug)]
struct Opened {
    file: u64,
    btf: Btf,
}

/// All types of modules that can be read, by name, and why others cannot.
#[derive(Debug, Default)]
pub(crate) struct ModuleTypes {
    pub(crate) targets: Vec<Target>,
    pub(crate) unreadable: Vec<Error>,
}

impl Kernel {
    /// A module's types as the kernel holds them.
    pub(crate) fn module_fd(&self, name: &str) -> Result<BtfFd, Error> {
        self.find_module_fd(name)
            .map_err(|errno| {
                Error::new(ErrorKind::System, format!("open the types of module `{name}`"))
                    .caused_by(errno)
            })?
            .ok_or_else(|| {
                Error::not_found(format!("module `{name}` is gone, or the kernel hides its types"))
            })
    }

    fn find_module_fd(&self, wanted: &str) -> Result<Option<BtfFd>, Errno> {
        let bpf = self.bpf();
        let mut last = 0;
        while let Some(id) = bpf.next_id(IdKind::Btf, last)? {
            last = id;
            let fd = match bpf.btf_by_id(id, None) {
                Ok(fd) => fd,
                // It is gone again.
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(errno),
            };
            let mut name = [0; 64];
            let info = bpf.btf_info(&fd, &mut [], &mut name)?;
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            if info.kernel_btf != 0 && name == wanted.as_bytes() {
                return Ok(Some(fd));
            }
        }
        Ok(None)
    }
}

impl Modules {
    pub(crate) fn btf(&self, kernel: &Kernel, name: &str) -> Result<Btf, Error> {
        if name == "vmlinux" || name.contains('/') {
            return Err(Error::invalid(format!("`{name}` is not the name of a module")));
        }
        let base = kernel.own_btf()?;
        let outcome = self.open(base, name, &kernel.files().path(DIRECTORY).join(name));
        outcome.map_err(|error| no_btf::module(kernel, name, error))
    }

    pub(crate) fn all(&self, kernel: &Kernel) -> ModuleTypes {
        let Ok(base) = kernel.own_btf() else { return ModuleTypes::default() };
        let directory = kernel.files().path(DIRECTORY);
        let mut names = Files::names(&directory);
        names.retain(|name| name != "vmlinux");
        names.sort_unstable();
        let mut types = ModuleTypes::default();
        for name in names {
            match self.open(base, &name, &directory.join(&name)) {
                Ok(btf) => types.targets.push(Target::new(name, &btf)),
                Err(error) => types
                    .unreadable
                    .push(error.during(format!("the types of module `{name}` cannot be read"))),
            }
        }
        types
    }

    fn open(&self, base: &Btf, name: &str, path: &Path) -> Result<Btf, Error> {
        let file = std::fs::metadata(path).map_or(0, |metadata| metadata.ino());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(name).filter(|known| known.file == file) {
            return Ok(known.btf.clone());
        }
        let btf = btf_source::split(path, base)?;
        open.insert(name.to_owned(), Opened { file, btf: btf.clone() });
        Ok(btf)
    }
}
