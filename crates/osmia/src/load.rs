//! From a spec to an object in the kernel.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use osmia_abi::flags::BPF_F_RDONLY_PROG;
use osmia_btf::Endian;
use osmia_object::{LinkedProgram, MapRole, MapSpec, ObjectSpec, ProgramSpec};

use crate::error::kind::ErrorKind;
use crate::error::{Attempt as _, Error};
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::link::usdt::specs::UsdtSpecs;
use crate::load::btf::ProgramBtf;
use crate::load::core::SharedRelocator;
use crate::load::externs::Externs;
use crate::load::pinned::Pins;
use crate::load::struct_ops::Tables;
use crate::map::Map;
use crate::object::Object;
use crate::program::Program;
use crate::variable::Variable;

mod addresses;
mod attach_btf;
mod btf;
mod check;
mod contents;
mod context_types;
mod core;
mod externs;
mod function_address;
mod inner_maps;
mod jump_table;
mod license;
mod log;
mod map;
mod map_refusal;
mod patch;
mod pinned;
mod probe_read;
mod program;
mod program_refusal;
mod records;
mod slots;
mod struct_ops;
mod unknown_code;
mod usdt;

/// Loads objects, with settings.
///
/// # Examples
/// ```no_run
/// # fn load(spec: &osmia::ObjectSpec) -> Result<osmia::Object, osmia::Error> {
/// use osmia::{Kernel, Loader};
///
/// let kernel = Kernel::running()?;
/// Loader::new(&kernel).pin_directory("/sys/fs/bpf/firewall").load(spec)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Loader {
    kernel: Kernel,
    pin_directory: PathBuf,
    log_level: u32,
    fold_constants: bool,
    reused: HashMap<String, Map>,
    targets: HashMap<String, Program>,
}

impl Loader {
    /// Loads into this kernel.
    pub fn new(kernel: &Kernel) -> Self {
        let kernel = kernel.clone();
        Self {
            kernel,
            pin_directory: PathBuf::from("/sys/fs/bpf"),
            log_level: 0,
            fold_constants: false,
            reused: HashMap::new(),
            targets: HashMap::new(),
        }
    }

    /// Where the maps are pinned that say so in C (`LIBBPF_PIN_BY_NAME`); `/sys/fs/bpf` if not said.
    #[must_use]
    pub fn pin_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.pin_directory = directory.into();
        self
    }

    /// Keeps the verifier's log of programs that it accepts too: 1 is the usual one, 2 tells each
    /// step, 4 figures only. A refused program's log is kept in any case, and the whole of it if one
    /// was asked for: otherwise kernels since 6.4 may be asked for its end alone.
    /// [`ProgramSpec::log_level`] says it for one program.
    #[must_use]
    pub fn verifier_log(mut self, level: u32) -> Self {
        self.log_level = level;
        self
    }

    /// Writes the values of constants (`const volatile`, `__kconfig`) into the instructions that
    /// load them, as is done by itself for kernels without global variables.
    ///
    /// # Kernel
    /// Before 5.2 a program can have constants in no other way.
    #[must_use]
    pub fn fold_constants(mut self, fold: bool) -> Self {
        self.fold_constants = fold;
        self
    }

    /// Uses a map that is there already in the place of the object's map of this name, as it is:
    /// nothing is written into it. That it is like the object's is checked when that is loaded.
    ///
    /// # Examples
    /// ```no_run
    /// # fn load(spec: &osmia::ObjectSpec) -> Result<osmia::Object, osmia::Error> {
    /// use osmia::{Kernel, Loader, Map};
    ///
    /// let kernel = Kernel::running()?;
    /// let counts = Map::from_pin(&kernel, "/sys/fs/bpf/counts")?;
    /// Loader::new(&kernel).reuse_map("counts", &counts).load(spec)
    /// # }
    /// ```
    #[must_use]
    pub fn reuse_map(mut self, name: impl Into<String>, map: &Map) -> Self {
        self.reused.insert(name.into(), map.clone());
        self
    }

    /// Says which loaded program a program of the object is for: whose function a `freplace` program
    /// replaces, or a `fentry`, `fexit` or `fmod_ret` program watches. Which function its section
    /// tells (`freplace/FUNCTION`); if it does not, it is the first one.
    ///
    /// # Kernel
    /// Since 5.6.
    ///
    /// # Examples
    /// ```no_run
    /// # fn load(spec: &osmia::ObjectSpec) -> Result<osmia::Object, osmia::Error> {
    /// use osmia::{Kernel, Loader, Program};
    ///
    /// let kernel = Kernel::running()?;
    /// let filter = Program::from_pin(&kernel, "/sys/fs/bpf/filter")?;
    /// Loader::new(&kernel).target("replacement", &filter).load(spec)
    /// # }
    /// ```
    #[must_use]
    pub fn target(mut self, program: impl Into<String>, target: &Program) -> Self {
        self.targets.insert(program.into(), target.clone());
        self
    }

    /// Loads an object: creates its maps, fills them, loads its programs.
    ///
    /// Either all of it is loaded or nothing stays. What the kernel does not know and the object can
    /// do without (names, types for debuggers) is left out after the kernel refused it.
    ///
    /// # Kernel
    /// Needs `CAP_BPF`, `CAP_PERFMON` for tracing programs and `CAP_NET_ADMIN` for those of the
    /// network; `CAP_SYS_ADMIN` before 5.8.
    ///
    /// # Errors
    /// `Verifier`: a program was refused, see [`Error::verifier`]; `Permission`: says what is missing;
    /// `Unsupported`: the kernel lacks a type of map or program; `Invalid`: something in the spec is
    /// wrong; `Exists`: a map that is pinned is another than the object's.
    pub fn load(&self, spec: &ObjectSpec) -> Result<Object, Error> {
        let mut outcome = Load::new(self, spec, self.fold_constants).run();
        if outcome.is_err() && !self.fold_constants && self.must_fold(spec) {
            outcome = Load::new(self, spec, true).run();
        }
        outcome.attempt(|| format!("load object `{}`", spec.name))
    }

    /// Whether the object has constants, and the kernel cannot have them other than folded.
    fn must_fold(&self, spec: &ObjectSpec) -> bool {
        let kernel = &self.kernel;
        spec.maps.values().any(|map| map.role.is_data_section())
            && kernel.known_features().lacks(kernel.bpf(), Feature::GlobalData)
    }
}

/// One object being loaded.
struct Load<'a> {
    kernel: &'a Kernel,
    pin_directory: &'a Path,
    log_level: u32,
    /// Whether programs get constants as numbers in their code.
    fold: bool,
    reused: &'a HashMap<String, Map>,
    targets: &'a HashMap<String, Program>,
    spec: &'a ObjectSpec,
    /// Its tables of callbacks, matched against the kernel.
    tables: Tables,
    /// The object's types in the kernel, once something needed them.
    btf: OnceCell<ProgramBtf>,
    /// Whether functions of it mark arguments as contexts.
    marks_contexts: OnceCell<bool>,
    /// What answers CO-RE relocations, once something needed it.
    relocator: OnceCell<SharedRelocator>,
    /// What its programs are told of marks (USDT).
    usdt: Option<Arc<UsdtSpecs>>,
}

impl<'a> Load<'a> {
    fn new(loader: &'a Loader, spec: &'a ObjectSpec, fold: bool) -> Self {
        let Loader { kernel, pin_directory, log_level, reused, targets, .. } = loader;
        Self {
            kernel,
            pin_directory,
            log_level: *log_level,
            fold,
            reused,
            targets,
            spec,
            tables: Tables::default(),
            btf: OnceCell::new(),
            marks_contexts: OnceCell::new(),
            relocator: OnceCell::new(),
            usdt: None,
        }
    }

    fn run(mut self) -> Result<Object, Error> {
        if self.spec.endian != Endian::host() {
            return Err(Error::invalid(format!(
                "it is for machines of the other byte order ({:?}): compile with -target bpf",
                self.spec.endian
            )));
        }
        check::object(self.spec)?;
        check::reused(self.spec, self.reused)?;
        check::targets(self.spec, self.targets)?;
        self.tables = self.match_tables()?;
        let linked = self.link()?;
        self.look_for_types(&linked);
        let mut notes = addresses::notes(self.spec, &linked);
        let mut externs = self.externs(&linked)?;
        let mut pins = Pins::default();
        let mut maps = IndexMap::with_capacity(self.spec.maps.len());
        for (name, spec) in self.spec.maps.iter().filter(|(_, spec)| spec.autocreate) {
            let changed = self.changed(spec, &externs);
            let spec = changed.as_ref().unwrap_or(spec);
            maps.insert(name.clone(), self.map(spec, &mut pins)?);
        }
        slots::fill_maps(self.spec, &maps)?;
        self.usdt = self.usdt_specs(&linked, &maps, &externs);
        let programs = self.programs(linked, &maps, &externs)?;
        slots::fill_programs(self.spec, &maps, &programs)?;
        let struct_ops = self.struct_ops(&maps, &programs)?;
        let variables = self.variables(&maps);
        let config = externs.config_parts();
        pins.pin(&maps)?;
        notes.extend(self.btf.into_inner().and_then(ProgramBtf::into_note));
        let (kernel, name) = (self.kernel.clone(), self.spec.name.clone());
        Ok(Object { kernel, name, programs, maps, variables, config, struct_ops, notes })
    }

    /// The spec of a map that is created other than the object says.
    fn changed(&self, spec: &MapSpec, externs: &Externs) -> Option<MapSpec> {
        let is_constant = matches!(spec.role, MapRole::Constants | MapRole::Kconfig);
        if !(spec.role == MapRole::Kconfig || self.fold && is_constant) {
            return None;
        }
        let mut changed = spec.clone();
        if spec.role == MapRole::Kconfig {
            changed.contents = externs.config();
        }
        if self.fold {
            // Programs do not refer to it, and old kernels do not know the flag.
            changed.flags &= !BPF_F_RDONLY_PROG;
        }
        Some(changed)
    }

    /// Puts the functions of each program together that is to be loaded.
    fn link(&self) -> Result<IndexMap<String, LinkedProgram>, Error> {
        let programs = self.spec.programs.iter();
        let programs = programs.filter(|(_, spec)| spec.autoload && !self.is_of_no_table(spec));
        let link = |name: &String| {
            let linked = self.spec.link(name).map_err(|error| {
                Error::new(ErrorKind::Invalid, "put its functions together").caused_by(error)
            });
            Ok((name.clone(), linked.attempt(|| load_program(name))?))
        };
        programs.map(|(name, _)| link(name)).collect()
    }

    fn programs(
        &self,
        mut linked: IndexMap<String, LinkedProgram>,
        maps: &IndexMap<String, Map>,
        externs: &Externs,
    ) -> Result<IndexMap<String, Program>, Error> {
        let mut load = |name: &String, spec: &ProgramSpec| match linked.swap_remove(name) {
            Some(program) => {
                self.program(spec, program, maps, externs).attempt(|| load_program(name))
            }
            None => {
                let why = match spec.autoload {
                    true => "the tables of callbacks that it is for are not created",
                    false => "its section begins with `?`, or `autoload` was set to false",
                };
                Ok(Program::left_out(spec, why))
            }
        };
        let programs = self.spec.programs.iter();
        programs.map(|(name, spec)| Ok((name.clone(), load(name, spec)?))).collect()
    }

    fn variables(&self, maps: &IndexMap<String, Map>) -> IndexMap<String, Variable> {
        let variables = self.spec.variables.iter().filter_map(|(name, spec)| {
            let section = maps.get(&spec.map)?;
            let constant = self.spec.variable(name).is_ok_and(|variable| variable.is_constant());
            let (offset, size) = (spec.offset as usize, spec.size as usize);
            Some((name.clone(), Variable::new(name, section, offset, size, constant)))
        });
        variables.collect()
    }
}

fn load_program(name: &str) -> String {
    format!("load program `{name}`")
}
