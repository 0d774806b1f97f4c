//! Where types come from.

use std::path::{Path, PathBuf};

use clap::Args;
use osmia::Kernel;
use osmia_btf::{Btf, Type, TypeId};
use osmia_sys::{Bpf, BtfFd, Errno};

use crate::failure::Failure;
use crate::type_name;

/// Where the kernel tells its types and those of its modules.
const SYSFS: &str = "/sys/kernel/btf";

// How a split BTF is read.
#[derive(Args, Default)]
pub struct BaseOptions {
    /// What a split BTF in a file continues; the running kernel's for files of its modules
    #[arg(long, short = 'B', value_name = "FILE")]
    base: Option<PathBuf>,
}

impl BaseOptions {
    /// Opens a source; the running kernel's types if none is given.
    ///
    /// # Errors
    /// There is no such thing, or it is no BTF.
    pub fn open(&self, source: Option<&str>) -> Result<Btf, Failure> {
        let Some(source) = source.filter(|source| *source != "vmlinux") else {
            return Ok(Kernel::running()?.btf()?.clone());
        };
        let path = Path::new(source);
        if let Ok(id) = source.parse() {
            return of_id(id);
        }
        if source.contains(['/', '.']) || path.exists() {
            return self.of_file(path);
        }
        Ok(Kernel::running()?.module_btf(source)?)
    }

    fn of_file(&self, path: &Path) -> Result<Btf, Failure> {
        let base = match &self.base {
            Some(base) => Kernel::builder().btf_file(base).build()?,
            None if path.parent() == Some(Path::new(SYSFS)) && !path.ends_with("vmlinux") => {
                Kernel::running()?
            }
            None => return whole(path),
        };
        Ok(base.module_btf_file(path)?)
    }
}

/// The types in a file that continue no others.
fn whole(path: &Path) -> Result<Btf, Failure> {
    let kernel = Kernel::builder().btf_file(path).build()?;
    match kernel.btf() {
        Ok(btf) => Ok(btf.clone()),
        Err(error) if path.extension().is_some_and(|ending| ending == "ko") => {
            Err(Failure::from_error(&error)
                .with_hint("a module's types continue its kernel's: name those with --base"))
        }
        Err(error) => Err(error.into()),
    }
}

/// A BTF that the kernel holds.
pub struct Held {
    /// Its name: `vmlinux`, a module's, or nothing for those of programs and maps.
    pub name: String,
    /// Whether it is the kernel's or a module's own.
    pub is_kernel: bool,
    /// Its size in bytes.
    pub size: u32,
}

impl Held {
    /// Asks the kernel about one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn of(bpf: &Bpf, btf: &BtfFd) -> Result<Self, Errno> {
        let mut name = [0; 64];
        let info = bpf.btf_info(btf, &mut [], &mut name)?;
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        let name = String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned();
        Ok(Self { name, is_kernel: info.kernel_btf != 0, size: info.btf_size })
    }
}

/// The BTF with this id.
///
/// # Errors
/// There is none, or the kernel does not hand it out.
pub fn of_id(id: u32) -> Result<Btf, Failure> {
    let bpf = Bpf::default();
    let attempt = || format!("open the BTF with the id {id}");
    let fd = bpf.btf_by_id(id, None).map_err(|errno| match errno {
        Errno::NOENT => Failure::not_found(format!(
            "there is no BTF with the id {id}; `osmia btf list` shows those that there are"
        )),
        Errno::PERM => Failure::because(format!("{}: it takes CAP_SYS_ADMIN", attempt()), &errno),
        errno => Failure::because(attempt(), &errno),
    })?;
    let asked = |errno| Failure::because(attempt(), &errno);
    let held = Held::of(&bpf, &fd).map_err(asked)?;
    let mut bytes = vec![0; held.size as usize];
    bpf.btf_info(&fd, &mut bytes, &mut []).map_err(asked)?;
    let base = match held.name.as_str() {
        "vmlinux" => None,
        _ if held.is_kernel => Some(Kernel::running()?.btf()?.clone()),
        _ => None,
    };
    Btf::parse(bytes.into(), base).map_err(|error| Failure::because(attempt(), &error))
}

/// The type of this name, or with this id.
///
/// # Errors
/// There is none.
pub fn find<'a>(btf: &'a Btf, written: &str) -> Result<Type<'a>, Failure> {
    match written.parse() {
        Ok(id) => btf.ty(TypeId(id)).map_err(|error| Failure::not_found(error.to_string())),
        Err(_) => type_name::find(btf, written),
    }
}
