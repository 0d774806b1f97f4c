//! The kernels to check for.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::Kernel as Host;
use osmia_check::Kernel;

use crate::check::banner::Banner;
use crate::failure::Failure;

/// Where the running kernel says who it is.
const VERSION: &str = "/proc/version";
/// Where it tells its types.
const SYSFS: &str = "/sys/kernel/btf";

/// The kernels to check for; the running one if none is named.
#[derive(Args)]
pub struct Targets {
    /// Files with kernels' types: vmlinux, or BTF by itself
    #[arg(long, short = 'B', value_name = "FILE", num_args = 1..)]
    btf: Vec<PathBuf>,
    /// Releases of kernels that are installed here, or `running`
    #[arg(long, short, value_name = "RELEASE", num_args = 1.., value_delimiter = ',')]
    kernel: Vec<String>,
}

impl Targets {
    /// Opens the types of all of them.
    ///
    /// # Errors
    /// A file cannot be read or is no BTF, or no such kernel is installed.
    pub fn open(&self) -> Result<Vec<Kernel>, Failure> {
        if self.btf.is_empty() && self.kernel.is_empty() {
            return Ok(vec![running()?]);
        }
        let files = self.btf.iter().map(|path| of_file(path, &self.btf));
        files.chain(self.kernel.iter().map(|release| of_release(release))).collect()
    }
}

/// The kernel that runs, with its modules.
fn running() -> Result<Kernel, Failure> {
    let host = Host::running()?;
    let banner = fs::read(VERSION).ok().and_then(|text| Banner::find(&text));
    let name = banner.as_ref().map_or("running", |banner| &banner.release).to_owned();
    let mut kernel = named(&name, banner.as_ref(), &host)?;
    let modules = fs::read_dir(SYSFS).into_iter().flatten().flatten();
    for module in modules.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        if module != "vmlinux" {
            // A module that has gone meanwhile is none of the kernel's any more.
            if let Ok(btf) = host.module_btf(&module) {
                kernel = kernel.with_module(module, &btf);
            }
        }
    }
    Ok(kernel)
}

fn of_release(release: &str) -> Result<Kernel, Failure> {
    let banner = fs::read(VERSION).ok().and_then(|text| Banner::find(&text));
    if release == "running" || banner.is_some_and(|banner| banner.release == release) {
        return running();
    }
    let text = format!("Linux version {release}");
    let banner = Banner::find(text.as_bytes());
    named(release, banner.as_ref(), &Host::builder().btf_of_release(release).build()?)
}

fn of_file(path: &Path, all: &[PathBuf]) -> Result<Kernel, Failure> {
    let host = Host::builder().btf_file(path).build()?;
    if path.parent() == Some(Path::new(SYSFS)) {
        return running();
    }
    // Only images have a banner; BTF by itself has no such words.
    let banner = fs::read(path).ok().and_then(|bytes| Banner::find(&bytes));
    let name = banner.as_ref().map_or_else(|| shortened(path, all), |found| found.release.clone());
    named(&name, banner.as_ref(), &host)
}

/// As much of a file's path as tells it from the others.
fn shortened(path: &Path, all: &[PathBuf]) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let namesakes = all.iter().filter(|other| other.file_name() == path.file_name()).count();
    match namesakes {
        0 | 1 => name.to_string_lossy().into_owned(),
        _ => path.display().to_string(),
    }
}

fn named(name: &str, banner: Option<&Banner>, host: &Host) -> Result<Kernel, Failure> {
    let kernel = Kernel::new(name, host.btf()?)
        .map_err(|error| Failure::because(format!("the types of {name}"), &error))?;
    Ok(match banner.and_then(|banner| banner.version) {
        Some(version) => kernel.with_version(version),
        None => kernel,
    })
}
