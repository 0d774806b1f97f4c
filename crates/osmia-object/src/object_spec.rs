//! An object as data.

use indexmap::IndexMap;
use osmia_btf::{Btf, Endian};

use crate::extern_spec::ExternSpec;
use crate::function::{Function, FunctionId};
use crate::map_spec::MapSpec;
use crate::program_spec::ProgramSpec;
use crate::variable_spec::VariableSpec;

/// What an object file holds: programs, maps, variables and what they need from a kernel.
///
/// It is plain data, the same on every machine, and everything in it may be edited
/// before it is loaded. Items are found by name and keep the order of the file.
#[derive(Clone, Debug)]
pub struct ObjectSpec {
    /// The object's name: the file's without its endings, or what the caller gave.
    pub name: String,
    /// The byte order of the machines it is for.
    pub endian: Endian,
    /// The licence that the programs declare (`SEC("license")`); empty if none.
    pub license: String,
    /// The kernel version that the programs declare (`SEC("version")`), 0 if none.
    /// Kernels before 5.0 compare it for kprobes.
    pub kernel_version: u32,
    /// The programs by name.
    pub programs: IndexMap<String, ProgramSpec>,
    /// The maps by name, data sections (`.rodata`, `.data`, `.bss`, ...) included.
    pub maps: IndexMap<String, MapSpec>,
    /// The global variables by name.
    pub variables: IndexMap<String, VariableSpec>,
    /// What the object expects others to provide, by name.
    pub externs: IndexMap<String, ExternSpec>,
    /// All functions that have code: entries of programs and subprograms. A
    /// [`FunctionId`] is an index into this.
    pub functions: Vec<Function>,
    /// The object's types, if it has any.
    pub btf: Option<Btf>,
}

impl ObjectSpec {
    /// The function with this id.
    pub fn function(&self, id: FunctionId) -> Option<&Function> {
        self.functions.get(id.0 as usize)
    }
}
