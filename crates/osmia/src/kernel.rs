//! The kernel that things are loaded into, as one value.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use osmia_btf::Btf;
use osmia_sys::Bpf;

use crate::error::Error;
use crate::kernel::btf_source::BtfSource;
use crate::kernel::features::Features;
use crate::kernel::files::Files;
use crate::kernel::memlock::Memlock;

pub(crate) mod btf_source;
pub(crate) mod capabilities;
pub(crate) mod feature;
pub(crate) mod features;
pub(crate) mod files;
pub(crate) mod memlock;
pub(crate) mod mounts;
pub(crate) mod refusal;
pub(crate) mod since;

/// A kernel: the way to its system calls, and what is known of it.
///
/// Facts are found when they are needed first and kept, so programs that load several objects
/// make one `Kernel` and share it; clones are cheap and know the same. Nothing is global.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// use osmia::Kernel;
///
/// let kernel = Kernel::running()?;
/// println!("{} CPUs", kernel.possible_cpus()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Kernel(Arc<Inner>);

struct Inner {
    bpf: Bpf,
    files: Files,
    source: BtfSource,
    btf: OnceLock<Btf>,
    features: Features,
    memlock: Memlock,
}

impl Kernel {
    /// The kernel that runs this process.
    ///
    /// # Errors
    /// None today; nothing is asked of the kernel yet.
    pub fn running() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A kernel with some things said rather than found.
    pub fn builder() -> KernelBuilder {
        KernelBuilder::default()
    }

    /// The kernel's own types.
    ///
    /// They are mapped at the first call; a name's first look-up searches them, later ones use an
    /// index that is shared by all clones.
    ///
    /// # Kernel
    /// `/sys/kernel/btf/vmlinux` is there since 5.4 where the kernel is built with
    /// `CONFIG_DEBUG_INFO_BTF`; [`KernelBuilder::btf_file`] names another file.
    ///
    /// # Errors
    /// `NotFound`: the kernel has no BTF; `Malformed`: the file is not BTF.
    pub fn btf(&self) -> Result<&Btf, Error> {
        if let Some(btf) = self.0.btf.get() {
            return Ok(btf);
        }
        let btf = self.0.source.open(&self.0.files)?;
        Ok(self.0.btf.get_or_init(|| btf))
    }

    /// How many CPUs there may ever be: a per-CPU map has a value for each.
    ///
    /// # Errors
    /// `NotFound`: sysfs is not mounted.
    pub fn possible_cpus(&self) -> Result<usize, Error> {
        osmia_sys::possible_cpus().map_err(|errno| {
            Error::not_found("count the possible CPUs (/sys/devices/system/cpu/possible)")
                .caused_by(errno)
        })
    }

    /// The release as `LINUX_VERSION_CODE` counts, which kernels before 5.0 compare.
    pub(crate) fn version_code(&self) -> Option<u32> {
        let release = self.files().read("/proc/sys/kernel/osrelease").ok()?;
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
        let mut next = || numbers.next()?.ok();
        let (major, minor, patch) = (next()?, next()?, next().unwrap_or(0));
        Some((major << 16) + (minor << 8) + patch.min(255))
    }

    /// The way to bpf(2).
    pub(crate) fn bpf(&self) -> &Bpf {
        &self.0.bpf
    }

    /// What `/proc` and `/sys` say.
    pub(crate) fn files(&self) -> &Files {
        &self.0.files
    }

    /// What the kernel can do.
    pub(crate) fn features(&self) -> &Features {
        &self.0.features
    }

    /// The limit on locked memory.
    pub(crate) fn memlock(&self) -> &Memlock {
        &self.0.memlock
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel")
            .field("bpf", &self.0.bpf)
            .field("btf", &self.0.btf)
            .field("features", &self.0.features)
            .finish_non_exhaustive()
    }
}

/// Says things about a [`Kernel`] rather than having them found.
#[derive(Debug, Default)]
pub struct KernelBuilder {
    bpf: Bpf,
    files: Files,
    source: BtfSource,
}

impl KernelBuilder {
    /// The file with the kernel's types, as raw BTF, for kernels that do not tell them.
    #[must_use]
    pub fn btf_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.source = BtfSource::File(path.into());
        self
    }

    /// The kernel's types, opened already.
    #[must_use]
    pub fn btf(mut self, btf: Btf) -> Self {
        self.source = BtfSource::Given(btf);
        self
    }

    /// The way to bpf(2); tests put layers into it that play another kernel.
    #[must_use]
    pub fn bpf(mut self, bpf: Bpf) -> Self {
        self.bpf = bpf;
        self
    }

    /// The directory under which `proc` and `sys` are found, `/` if not said.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.files = Files::new(root.into());
        self
    }

    /// The kernel.
    ///
    /// # Errors
    /// As for [`Kernel::running`].
    pub fn build(self) -> Result<Kernel, Error> {
        let Self { bpf, files, source } = self;
        let features = Features::default();
        let memlock = Memlock::default();
        let inner = Inner { bpf, files, source, btf: OnceLock::new(), features, memlock };
        Ok(Kernel(Arc::new(inner)))
    }
}
