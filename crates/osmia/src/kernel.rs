//! The kernel that things are loaded into, as one value.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use osmia_btf::Btf;
use osmia_object::kconfig::Config;
use osmia_sys::Bpf;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::btf_source::BtfSource;
use crate::kernel::config_source::ConfigSource;
use crate::kernel::features::Features;
use crate::kernel::files::Files;
use crate::kernel::memlock::Memlock;
use crate::kernel::modules::{ModuleTypes, Modules};
use crate::kernel::symbols::KernelSymbols;
use crate::kernel::token_source::TokenSource;

pub(crate) mod btf_source;
pub(crate) mod capabilities;
pub(crate) mod config_source;
pub(crate) mod feature;
pub(crate) mod features;
pub(crate) mod files;
pub(crate) mod kallsyms;
pub(crate) mod memlock;
pub(crate) mod modules;
pub(crate) mod mounts;
pub(crate) mod no_btf;
pub(crate) mod options;
pub mod probe;
pub(crate) mod refusal;
pub(crate) mod since;
pub mod statistics;
pub mod symbols;
pub(crate) mod syscall_wrapper;
pub(crate) mod token_source;
pub(crate) mod version;
pub(crate) mod vmlinux_file;

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
    own_btf: OnceLock<Btf>,
    modules: Modules,
    config_source: ConfigSource,
    config: OnceLock<Config>,
    features: Features,
    memlock: Memlock,
    symbols: OnceLock<KernelSymbols>,
}

impl Kernel {
    /// The kernel that runs this process.
    ///
    /// In a user namespace the rights that `/sys/fs/bpf` lends are used, if it lends any
    /// ([`KernelBuilder::token`]).
    ///
    /// # Errors
    /// The environment variable `LIBBPF_BPF_TOKEN_PATH` names a file system that gives no token.
    pub fn running() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A kernel with some things said rather than found.
    pub fn builder() -> KernelBuilder {
        KernelBuilder::default()
    }

    /// The kernel's types.
    ///
    /// They are mapped at the first call; first look-ups by name search them, later ones use an
    /// index that is shared by all clones, once that pays.
    ///
    /// # Kernel
    /// `/sys/kernel/btf/vmlinux` is there since 5.4 where the kernel is built with
    /// `CONFIG_DEBUG_INFO_BTF`. Otherwise a `vmlinux` file with types is looked for where
    /// distributions install it; [`KernelBuilder::btf_file`] names another file.
    ///
    /// # Errors
    /// `NotFound`: there is no BTF, and the message says what to do; `Malformed`: the file is not BTF.
    pub fn btf(&self) -> Result<&Btf, Error> {
        if let Some(btf) = self.0.btf.get() {
            return Ok(btf);
        }
        let btf = match &self.0.source {
            BtfSource::Running => match self.own_btf() {
                Ok(btf) => btf.clone(),
                Err(error) => vmlinux_file::find(self.files())?.ok_or(error)?,
            },
            given => given.open(&self.0.files)?,
        };
        Ok(self.0.btf.get_or_init(|| btf))
    }

    /// The types by whose numbers the kernel itself goes, whatever was said of others.
    pub(crate) fn own_btf(&self) -> Result<&Btf, Error> {
        if let Some(btf) = self.0.own_btf.get() {
            return Ok(btf);
        }
        let btf = BtfSource::Running.open(&self.0.files).map_err(|error| match error.kind() {
            ErrorKind::NotFound => no_btf::kernel(self, error),
            _ => error,
        })?;
        Ok(self.0.own_btf.get_or_init(|| btf))
    }

    /// Whether [`Kernel::btf`] are the kernel's own types, which its modules' continue.
    pub(crate) fn tells_its_types(&self) -> bool {
        matches!(self.0.source, BtfSource::Running) && self.own_btf().is_ok()
    }

    /// The types of a loaded module, which continue those of the kernel.
    ///
    /// # Kernel
    /// Since 5.11, with `CONFIG_DEBUG_INFO_BTF_MODULES`.
    ///
    /// # Errors
    /// `NotFound`: there is no such module, or it does not tell its types; `Malformed`: they are broken.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// let kernel = osmia::Kernel::running()?;
    /// println!("{} types", kernel.module_btf("dm_mod")?.type_count().unwrap_or(0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn module_btf(&self, name: &str) -> Result<Btf, Error> {
        // A file `dm-mod.ko` makes a module `dm_mod`.
        self.0.modules.btf(self, &name.replace('-', "_"))
    }

    /// The types in a module's file, `.ko` or BTF by itself, which continue [`Kernel::btf`]. A module
    /// that has a distilled base (`.BTF.base`) fits kernels that it was not built with.
    ///
    /// # Errors
    /// `NotFound`, `Permission`, `System`: the file cannot be read, or has no types; `Malformed`: they
    /// are broken, or do not continue the kernel's.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// let kernel = osmia::Kernel::builder().btf_file("vmlinux-6.1").build()?;
    /// let conntrack = kernel.module_btf_file("nf_conntrack.ko")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn module_btf_file(&self, path: impl AsRef<Path>) -> Result<Btf, Error> {
        btf_source::module_file(path.as_ref(), self.btf()?)
    }

    /// The types of all loaded modules that tell them.
    pub(crate) fn modules(&self) -> ModuleTypes {
        self.0.modules.all(self)
    }

    /// The options that the kernel was built with.
    ///
    /// They are read at the first call: from `/proc/config.gz`, or from where distributions
    /// install them; [`KernelBuilder::config_file`] names another file.
    ///
    /// # Errors
    /// `NotFound`: they are nowhere; the message says where they were looked for.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// let kernel = osmia::Kernel::running()?;
    /// println!("{:?}", kernel.config()?.option("CONFIG_HZ"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(&self) -> Result<&Config, Error> {
        if let Some(config) = self.0.config.get() {
            return Ok(config);
        }
        let config = self.0.config_source.open(&self.0.files)?;
        Ok(self.0.config.get_or_init(|| config))
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

    /// The release as `LINUX_VERSION_CODE` counts: `0x0006_0281` is 6.2.129.
    pub(crate) fn version_code(&self) -> Option<u32> {
        version::code(self.files())
    }

    /// Whether system calls get their arguments in a `struct pt_regs`.
    pub(crate) fn wraps_system_calls(&self) -> Result<bool, Error> {
        syscall_wrapper::is_there(self)
    }

    /// The symbols, read by `read` if they were not.
    pub(crate) fn kept_symbols(
        &self,
        read: impl FnOnce() -> Result<KernelSymbols, Error>,
    ) -> Result<&KernelSymbols, Error> {
        if let Some(symbols) = self.0.symbols.get() {
            return Ok(symbols);
        }
        let symbols = read()?;
        Ok(self.0.symbols.get_or_init(|| symbols))
    }

    /// The way to bpf(2), with the rights that were borrowed for it ([`KernelBuilder::token`]).
    pub fn bpf(&self) -> &Bpf {
        &self.0.bpf
    }

    /// What `/proc` and `/sys` say.
    pub(crate) fn files(&self) -> &Files {
        &self.0.files
    }

    /// What the kernel can do.
    pub(crate) fn known_features(&self) -> &Features {
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
    config: ConfigSource,
    token: TokenSource,
}

impl KernelBuilder {
    /// The bpf file system that lends its rights: everything is created, loaded and probed with a token of it.
    /// If this is not said, the environment variable `LIBBPF_BPF_TOKEN_PATH` is asked for one, and in user
    /// namespaces `/sys/fs/bpf` is tried; an empty variable forbids that.
    ///
    /// # Kernel
    /// Since 6.9, outside the first user namespace; what is lent was said when the file system was mounted
    /// (`delegate_cmds=`, `delegate_maps=`, `delegate_progs=`, `delegate_attachs=`).
    #[must_use]
    pub fn token(mut self, file_system: impl Into<PathBuf>) -> Self {
        self.token = TokenSource::FileSystem(file_system.into());
        self
    }

    /// No rights are borrowed, whatever the environment says.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.token = TokenSource::None;
        self
    }

    /// The file with the kernel's types, for kernels that do not tell them: raw BTF, or an ELF file
    /// with a section `.BTF`, such as `vmlinux`.
    #[must_use]
    pub fn btf_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.source = BtfSource::File(path.into());
        self
    }

    /// The types of another kernel that is installed on this machine, by its release: from the
    /// `vmlinux` in one of the places where distributions put it.
    #[must_use]
    pub fn btf_of_release(mut self, release: impl Into<String>) -> Self {
        self.source = BtfSource::Installed(release.into());
        self
    }

    /// The kernel's types, opened already.
    #[must_use]
    pub fn btf(mut self, btf: Btf) -> Self {
        self.source = BtfSource::Given(btf);
        self
    }

    /// The file with the kernel's options, as text or compressed with gzip, for kernels that do not
    /// tell them.
    #[must_use]
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config = ConfigSource::File(path.into());
        self
    }

    /// The options of another kernel that is installed on this machine, by its release: from one of the places where
    /// distributions put them.
    #[must_use]
    pub fn config_of_release(mut self, release: impl Into<String>) -> Self {
        self.config = ConfigSource::Installed(release.into());
        self
    }

    /// The kernel's options, read already.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = ConfigSource::Given(config);
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
        let Self { bpf, files, source, config: config_source, token } = self;
        let bpf = token.lend_to(bpf, &files)?;
        Ok(Kernel(Arc::new(Inner {
            bpf,
            files,
            source,
            btf: OnceLock::new(),
            own_btf: OnceLock::new(),
            modules: Modules::default(),
            config_source,
            config: OnceLock::new(),
            features: Features::default(),
            memlock: Memlock::default(),
            symbols: OnceLock::new(),
        })))
    }
}
