//! An object as data.

use bytes::Bytes;
use indexmap::IndexMap;
use osmia_btf::{Btf, Endian};

use crate::error::Error;
use crate::extern_spec::ExternSpec;
use crate::function::{Function, FunctionId};
use crate::link;
use crate::linked_program::LinkedProgram;
use crate::map_spec::MapSpec;
use crate::program_spec::ProgramSpec;
use crate::read::spec;
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
    /// Reads an object file, as compilers of C and Rust for BPF write it.
    ///
    /// `name` is the object's; kernels call the maps of its data sections after it. What
    /// the file refers to is shared, not copied. Sections, map types and externs that
    /// nobody knows are kept, and refused when they are loaded.
    ///
    /// # Errors
    /// The bytes are no BPF object, or a damaged one; the error says where.
    ///
    /// # Examples
    /// ```
    /// use osmia_object::ObjectSpec;
    ///
    /// let error = ObjectSpec::parse("hello", "int main() {}".into()).unwrap_err();
    /// assert!(error.to_string().contains("it is text; compile it with clang -target bpf"));
    /// ```
    #[allow(clippy::needless_pass_by_value)]
    pub fn parse(name: &str, bytes: Bytes) -> Result<Self, Error> {
        spec::read(name, &bytes)
    }

    /// Puts a program together: its entry, and every function that it can reach, once
    /// each, with the calls between them filled in.
    ///
    /// # Errors
    /// There is no such program, or something that it refers to cannot be referred to.
    pub fn link(&self, program: &str) -> Result<LinkedProgram, Error> {
        link::link(self, program)
    }

    /// The function with this id.
    pub fn function(&self, id: FunctionId) -> Option<&Function> {
        self.functions.get(id.0 as usize)
    }
}
