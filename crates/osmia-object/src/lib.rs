//! BPF ELF objects as data: programs, maps and variables, linked and relocated without I/O.
//!
//! [`ObjectSpec::parse`] reads a file; the result is the same on every machine and may be
//! edited. [`ObjectSpec::link`] puts one program together as the kernel takes it.

mod core_line;
pub mod elf;
mod error;
mod extern_spec;
mod fold;
mod function;
mod jump_table;
pub mod kconfig;
mod kernel_names;
pub mod ksym;
mod link;
mod linked_program;
mod map_rule;
mod map_spec;
mod object_spec;
mod program_spec;
mod read;
mod relocate;
mod section_def;
mod settled_btf;
mod struct_ops;
pub mod usdt;
mod value_type;
mod variable;
mod variable_spec;
mod variable_value;
mod widen;

pub use crate::error::Error;
pub use crate::extern_spec::{ExternKind, ExternSpec};
pub use crate::function::{CoreRelocation, Function, FunctionId, Line, Relocation, Target};
pub use crate::jump_table::JumpTable;
pub use crate::linked_program::{LinkedFunction, LinkedProgram};
pub use crate::map_spec::{MapRole, MapSpec, Pinning, Pointer, SlotValue};
pub use crate::object_spec::ObjectSpec;
pub use crate::program_spec::ProgramSpec;
pub use crate::relocate::Poisoned;
pub use crate::section_def::SectionDef;
pub use crate::struct_ops::{OpsProgram, OpsTable};
pub use crate::value_type::{ValueKind, ValueType};
pub use crate::variable::Variable;
pub use crate::variable_spec::VariableSpec;
pub use crate::variable_value::{FromVariable, VariableValue};
