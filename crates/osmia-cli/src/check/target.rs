//! The kernels to check for.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::Kernel as Host;
use osmia_check::Kernel;
use osmia_object::kconfig::Config;
use osmia_vm::image;
use tempfile::TempDir;

use crate::check::banner::Banner;
use crate::check::config;
use crate::check::modules::{self, ModuleFile};
use crate::check::progress::Progress;
use crate::failure::Failure;

/// Where the running kernel says who it is.
const VERSION: &str = "/proc/version";
/// Where it tells its types.
const SYSFS: &str = "/sys/kernel/btf";
/// What a directory of a kernel's types calls the kernel's own.
const VMLINUX: &str = "vmlinux";

// The kernels to check for; the running one if none is named.
#[derive(Args)]
pub struct Targets {
    /// Files with kernels' types: vmlinux, or BTF by itself; or directories with that and modules' types
    #[arg(long, short = 'B', value_name = "FILE", num_args = 1..)]
    btf: Vec<PathBuf>,
    /// Releases of kernels that are installed here, or `running`
    #[arg(long, short, value_name = "RELEASE", num_args = 1.., value_delimiter = ',')]
    kernel: Vec<String>,
    /// Kernels' images: vmlinuz, or vmlinux
    #[arg(long, value_name = "FILE", num_args = 1..)]
    kernel_image: Vec<PathBuf>,
    /// The modules of the one kernel that is named: .ko files, BTF, or directories with them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    module_btf: Vec<PathBuf>,
    /// The configuration of the one kernel that is named, as /boot/config-RELEASE has it; of kernels that run or are
    /// installed here it is found
    #[arg(long, value_name = "FILE")]
    kernel_config: Option<PathBuf>,
}

/// A kernel to check for.
pub struct Checked {
    /// What its types tell.
    pub kernel: Kernel,
    /// Its release, as `uname -r` tells it, if it is known.
    pub release: Option<String>,
    /// What it can be booted from, if it is known.
    pub image: Option<PathBuf>,
    /// The modules whose files were given.
    pub modules: Vec<ModuleFile>,
}

impl Targets {
    /// Opens the types of all of them. What must be unpacked goes to `unpacked`.
    ///
    /// # Errors
    /// A file cannot be read or is no BTF, or no such kernel is installed.
    pub fn open(&self, unpacked: &TempDir, progress: &Progress) -> Result<Vec<Checked>, Failure> {
        let count = self.btf.len() + self.kernel.len() + self.kernel_image.len();
        if count > 1 && !self.module_btf.is_empty() {
            return Err(Failure::usage(
                "--module-btf is for one kernel; give each of several its modules in a directory: \
                 `vmlinux` and modules' types beside it",
            ));
        }
        if count > 1 && self.kernel_config.is_some() {
            return Err(Failure::usage("--kernel-config is for one kernel"));
        }
        let open = Opening { all: &self.btf, unpacked, progress };
        let mut all = Vec::new();
        for path in &self.btf {
            all.push(open.path(path)?);
        }
        for release in &self.kernel {
            all.push(open.release(release)?);
        }
        for path in &self.kernel_image {
            all.push(open.image(path)?);
        }
        if all.is_empty() {
            all.push(running(progress)?);
        }
        if let [only] = all.as_mut_slice() {
            only.add_modules(&self.module_btf, unpacked)?;
            if let Some(path) = &self.kernel_config {
                only.config = Some(config::read(path)?);
            }
        }
        all.into_iter().map(Opened::finish).collect()
    }
}

/// A kernel whose modules are not read yet.
struct Opened {
    name: String,
    banner: Option<Banner>,
    host: Host,
    image: Option<PathBuf>,
    config: Option<Config>,
    modules: Vec<ModuleFile>,
    /// Modules that the kernel runs, by name.
    loaded: Vec<String>,
}

impl Opened {
    fn new(name: impl Into<String>, banner: Option<Banner>, host: Host) -> Self {
        let (image, config, modules, loaded) = (None, None, Vec::new(), Vec::new());
        Self { name: name.into(), banner, host, image, config, modules, loaded }
    }

    fn add_modules(&mut self, paths: &[PathBuf], unpacked: &TempDir) -> Result<(), Failure> {
        self.modules.extend(modules::find(paths, unpacked)?);
        Ok(())
    }

    fn finish(self) -> Result<Checked, Failure> {
        let name = &self.name;
        let mut kernel = Kernel::new(name, self.host.btf()?)
            .map_err(|error| Failure::because(format!("the types of {name}"), &error))?;
        if let Some(version) = self.banner.as_ref().and_then(|banner| banner.version) {
            kernel = kernel.with_version(version);
        }
        if let Some(config) = self.config {
            kernel = kernel.with_config(config);
        }
        for module in &self.loaded {
            // A module that has gone meanwhile is none of the kernel's any more.
            if let Ok(btf) = self.host.module_btf(module) {
                kernel = kernel.with_module(module, &btf);
            }
        }
        for module in &self.modules {
            let btf = self.host.module_btf_file(&module.path);
            let btf = btf.map_err(|error| {
                Failure::because(format!("the types of module {} of {name}", module.name), &error)
            })?;
            kernel = kernel.with_module(&module.name, &btf);
        }
        let release = self.banner.map(|banner| banner.release);
        Ok(Checked { kernel, release, image: self.image, modules: self.modules })
    }
}

struct Opening<'a> {
    all: &'a [PathBuf],
    unpacked: &'a TempDir,
    progress: &'a Progress,
}

impl Opening<'_> {
    /// A file with types, or a directory with such files.
    fn path(&self, path: &Path) -> Result<Opened, Failure> {
        if path.parent() == Some(Path::new(SYSFS)) || path == Path::new(SYSFS) {
            return running(self.progress);
        }
        if !path.is_dir() {
            return self.file(path, path);
        }
        let vmlinux = path.join(VMLINUX);
        if !vmlinux.exists() {
            return Err(Failure::not_found(format!(
                "there is no `vmlinux` in {}, which has a kernel's types in a directory with its modules'",
                path.display()
            )));
        }
        let mut opened = self.file(&vmlinux, path)?;
        opened.add_modules(&[path.to_owned()], self.unpacked)?;
        Ok(opened)
    }

    /// A file with types, which is called as another path says.
    fn file(&self, path: &Path, called: &Path) -> Result<Opened, Failure> {
        self.progress.step(&format!("reading the types of {}", path.display()));
        let host = Host::builder().btf_file(path).build()?;
        // Only images have a banner; BTF by itself has no such words.
        let banner = fs::read(path).ok().and_then(|bytes| Banner::find(&bytes));
        let name = banner.as_ref().map(|found| found.release.clone());
        let name = name.unwrap_or_else(|| shortened(called, self.all));
        let image = banner.is_some().then(|| path.to_owned());
        Ok(Opened { image, ..Opened::new(name, banner, host) })
    }

    /// A kernel's image.
    fn image(&self, path: &Path) -> Result<Opened, Failure> {
        self.progress.step(&format!("unpacking {}", path.display()));
        let attempt = || format!("read the kernel in {}", path.display());
        let bytes = image::extract(path).map_err(|error| Failure::because(attempt(), &error))?;
        let banner = Banner::find(&bytes);
        let name = banner.as_ref().map(|found| found.release.clone());
        let name = name.unwrap_or_else(|| shortened(path, &[]));
        let file = self.unpacked.path().join(format!("vmlinux-{}", name.replace('/', "_")));
        fs::write(&file, &bytes).map_err(|error| Failure::because(attempt(), &error))?;
        let host = Host::builder().btf_file(&file).build()?;
        host.btf().map_err(|error| Failure::because(attempt(), &error))?;
        let config = banner.as_ref().and_then(|banner| config::of(&banner.release, Some(path)));
        let image = Some(path.to_owned());
        Ok(Opened { image, config, ..Opened::new(name, banner, host) })
    }

    /// A kernel that is installed.
    fn release(&self, release: &str) -> Result<Opened, Failure> {
        let banner = fs::read(VERSION).ok().and_then(|text| Banner::find(&text));
        if release == "running" || banner.is_some_and(|banner| banner.release == release) {
            return running(self.progress);
        }
        self.progress.step(&format!("reading the types of {release}"));
        let host = Host::builder().btf_of_release(release).build()?;
        let image = installed_image(release);
        if let (Err(_), Some(image)) = (host.btf(), &image) {
            return self.image(image);
        }
        let banner = Banner::find(format!("Linux version {release}").as_bytes());
        let config = config::of(release, image.as_deref());
        Ok(Opened { image, config, ..Opened::new(release, banner, host) })
    }
}

/// The image of a kernel that is installed.
fn installed_image(release: &str) -> Option<PathBuf> {
    // It becomes a part of paths.
    let places = [format!("/boot/vmlinuz-{release}"), format!("/lib/modules/{release}/vmlinuz")];
    let mut places = places.into_iter().map(PathBuf::from).filter(|_| !release.contains('/'));
    places.find(|path| path.is_file())
}

/// The kernel that runs, with its modules.
fn running(progress: &Progress) -> Result<Opened, Failure> {
    progress.step("reading the running kernel's types");
    let host = Host::running()?;
    let banner = fs::read(VERSION).ok().and_then(|text| Banner::find(&text));
    let name = banner.as_ref().map_or("running", |banner| &banner.release).to_owned();
    let image = banner.as_ref().and_then(|banner| installed_image(&banner.release));
    let modules = fs::read_dir(SYSFS).into_iter().flatten().flatten();
    let modules = modules.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let loaded = modules.filter(|module| module != VMLINUX).collect();
    let config = host.config().ok().cloned();
    Ok(Opened { image, config, loaded, ..Opened::new(name, banner, host) })
}

/// As much of a file's path as tells it from the others.
fn shortened(path: &Path, all: &[PathBuf]) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let is_namesake = |other: &&PathBuf| other.file_name().unwrap_or(OsStr::new("")) == name;
    match all.iter().filter(is_namesake).count() {
        0 | 1 => name.to_string_lossy().into_owned(),
        _ => path.display().to_string(),
    }
}
