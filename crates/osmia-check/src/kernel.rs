//! A kernel, as its types tell of it.

use osmia_abi::FuncId;
use osmia_btf::core_re::Target;
use osmia_btf::{Btf, Error, Kind};
use osmia_object::kconfig::{Config, Facts};

use crate::known::Known;
use crate::reach::stack::StackMemory;

/// A function that came with what [`StackMemory::immediates`] is about. Nothing in types tells of that
/// itself, and where one was backported the other was.
const SINCE_6_3: &str = "bpf_rbtree_remove";
/// The same for [`StackMemory::narrow`].
const SINCE_5_16: FuncId = FuncId::KALLSYMS_LOOKUP_NAME;

/// A kernel, as its types tell of it.
#[derive(Clone, Debug)]
pub struct Kernel {
    name: String,
    target: Target,
    modules: Vec<Target>,
    version: Option<u32>,
    config: Option<Config>,
    pub(crate) prog_types: Known,
    pub(crate) map_types: Known,
    pub(crate) attach_types: Known,
    pub(crate) helpers: Known,
    pub(crate) memory: StackMemory,
}

impl Kernel {
    /// A kernel with these types, and a name for answers.
    ///
    /// # Errors
    /// The BTF is broken.
    pub fn new(name: impl Into<String>, btf: &Btf) -> Result<Self, Error> {
        // What is asked of it next is asked by name.
        btf.index_names()?;
        let helpers = Known::of(btf, "bpf_func_id")?;
        let immediates = btf.find(Kind::Func, SINCE_6_3)?.is_some();
        let narrow = immediates || helpers.has(SINCE_5_16.0);
        Ok(Self {
            name: name.into(),
            target: Target::new("vmlinux", btf),
            modules: Vec::new(),
            version: None,
            config: None,
            prog_types: Known::of(btf, "bpf_prog_type")?,
            map_types: Known::of(btf, "bpf_map_type")?,
            attach_types: Known::of(btf, "bpf_attach_type")?,
            helpers,
            memory: StackMemory { narrow, immediates },
        })
    }

    /// The same with a module's types, which continue the kernel's.
    #[must_use]
    pub fn with_module(mut self, name: impl Into<String>, btf: &Btf) -> Self {
        self.modules.push(Target::new(name, btf));
        self
    }

    /// The same with its release as `LINUX_VERSION_CODE` counts, which programs can ask for and
    /// types do not tell.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// The same with the configuration that it was built with, which programs can ask for and types do not tell.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known of it beside its types.
    pub(crate) fn facts(&self) -> Facts<'_> {
        let (config, version) = (self.config.as_ref(), self.version);
        Facts { config, version, ..Facts::default() }
    }

    /// Whether its types are a kernel's, and not only some types or an object's.
    pub(crate) fn is_whole(&self) -> bool {
        self.prog_types.is_told()
    }

    pub(crate) fn btf(&self) -> &Btf {
        self.target.btf()
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn modules(&self) -> &[Target] {
        &self.modules
    }
}
