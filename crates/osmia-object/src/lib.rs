//! BPF ELF objects as data: programs, maps and variables, linked and relocated without I/O.

mod extern_spec;
mod function;
mod map_spec;
mod object_spec;
mod program_spec;
mod variable_spec;

pub use crate::extern_spec::{ExternKind, ExternSpec};
pub use crate::function::{CoreRelocation, Function, FunctionId, Line, Relocation, Target};
pub use crate::map_spec::{MapRole, MapSpec, Pinning, SlotValue};
pub use crate::object_spec::ObjectSpec;
pub use crate::program_spec::ProgramSpec;
pub use crate::variable_spec::VariableSpec;
