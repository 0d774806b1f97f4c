//! Loaded objects.

use bytes::Bytes;
use indexmap::IndexMap;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::links::Links;
use crate::load::Loader;
use crate::map::Map;
use crate::near::instead_of;
use crate::program::Program;
use crate::struct_ops::StructOps;
use crate::variable::Variable;
use osmia_object::ObjectSpec;

/// An object that is loaded: its programs, maps and variables by name.
///
/// What it holds lives as long as it, or handles taken from it; attachments live as long as their
/// [`Link`](crate::Link)s.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), osmia::Error> {
/// use osmia::{HashMap, Kernel, Object};
///
/// let mut spec = osmia::open("basic", std::fs::read("basic.bpf.o").unwrap())?;
/// spec.set("const_u32", 12)?;
/// let object = Object::load(&spec, &Kernel::running()?)?;
/// let counts: HashMap<u32, u64> = object.map("counts")?.clone().try_into()?;
/// for entry in &counts {
///     println!("{:?}", entry?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Object {
    pub(crate) kernel: Kernel,
    pub(crate) name: String,
    pub(crate) programs: IndexMap<String, Program>,
    pub(crate) maps: IndexMap<String, Map>,
    pub(crate) variables: IndexMap<String, Variable>,
    /// What programs read of the kernel's configuration, by name; zeros at the end left out.
    pub(crate) config: IndexMap<String, Bytes>,
    pub(crate) struct_ops: IndexMap<String, StructOps>,
    pub(crate) notes: Vec<Error>,
}

impl Object {
    /// Loads an object with the usual settings; [`Loader`] has the others.
    ///
    /// # Errors
    /// As for [`Loader::load`].
    pub fn load(spec: &ObjectSpec, kernel: &Kernel) -> Result<Self, Error> {
        Loader::new(kernel).load(spec)
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kernel that it is loaded into.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The program of this name.
    ///
    /// # Errors
    /// `NotFound`: there is none; the message says which there are.
    pub fn program(&self, name: &str) -> Result<&Program, Error> {
        self.programs.get(name).ok_or_else(|| self.absent("program", name, &self.programs))
    }

    /// All programs, in the order of the file.
    pub fn programs(&self) -> impl ExactSizeIterator<Item = &Program> {
        self.programs.values()
    }

    /// The map of this name; data sections are called `.rodata`, `.data`, `.bss`.
    ///
    /// # Errors
    /// `NotFound`: there is none; the message says which there are.
    pub fn map(&self, name: &str) -> Result<&Map, Error> {
        self.maps.get(name).ok_or_else(|| self.absent("map", name, &self.maps))
    }

    /// All maps, in the order of the file.
    pub fn maps(&self) -> impl ExactSizeIterator<Item = &Map> {
        self.maps.values()
    }

    /// The global variable or constant of this name.
    ///
    /// # Errors
    /// `NotFound`: there is none; the message says which there are.
    pub fn variable(&self, name: &str) -> Result<&Variable, Error> {
        self.variables.get(name).ok_or_else(|| self.absent("variable", name, &self.variables))
    }

    /// What loaded programs read of the kernel's configuration by the extern of this name
    /// (`extern int CONFIG_HZ __kconfig`), zeros at its end left out; `None` if none reads it.
    pub fn kconfig(&self, name: &str) -> Option<&[u8]> {
        self.config.get(name).map(AsRef::as_ref)
    }

    /// All variables and constants, in the order of the file.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = &Variable> {
        self.variables.values()
    }

    /// The table of callbacks (`SEC(".struct_ops")`) of this name.
    ///
    /// # Errors
    /// `NotFound`: there is none; the message says which there are.
    pub fn struct_ops(&self, name: &str) -> Result<&StructOps, Error> {
        let absent = || self.absent("table of callbacks", name, &self.struct_ops);
        self.struct_ops.get(name).ok_or_else(absent)
    }

    /// All tables of callbacks, in the order of the file.
    pub fn all_struct_ops(&self) -> impl ExactSizeIterator<Item = &StructOps> {
        self.struct_ops.values()
    }

    /// What this kernel could not do and the object works without, such as keeping its types, and
    /// what no kernel does: filling in the addresses that C initialises variables with.
    pub fn notes(&self) -> &[Error] {
        &self.notes
    }

    /// Attaches all programs whose sections name a place and registers all tables of callbacks, or none of them if one fails. The result
    /// says which were left out, and why.
    ///
    /// # Errors
    /// As for attaching each one by itself.
    pub fn attach(&self) -> Result<Links, Error> {
        Links::attach_all(self.programs())
            .and_then(|links| links.with_tables(self.all_struct_ops()))
            .map_err(|error| error.during(format!("attach object `{}`", self.name)))
    }

    fn absent<T>(&self, noun: &str, name: &str, all: &IndexMap<String, T>) -> Error {
        let near = instead_of(name, &format!("{noun}s"), all.keys().map(String::as_str));
        let dropped = match noun {
            "variable" => ". A variable that no code uses is dropped by the compiler",
            _ => "",
        };
        Error::not_found(format!("object `{}` has no {noun} `{name}`; {near}{dropped}", self.name))
    }
}
