//! Tables of callbacks before loading, typed.

use std::fmt;

use osmia_abi::ProgType;
use osmia_object::{ObjectSpec, ProgramSpec};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Error;
use crate::generated::initial::Initial;

/// The program that stands for a callback when its table is attached.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    name: String,
    program: Option<String>,
    changed: bool,
}

impl Callback {
    /// The callback's name in the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the program that stands for it; `None` if none does.
    pub fn program(&self) -> Option<&str> {
        self.program.as_deref()
    }

    /// Puts a program of the same object in its place.
    pub fn set(&mut self, program: &ProgramSpec) {
        self.program = Some(program.name.clone());
        self.changed = true;
    }

    /// Leaves the callback out, which the kernel allows for some.
    pub fn clear(&mut self) {
        self.program = None;
        self.changed = true;
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("name", &self.name)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// A table's member that is no callback.
///
/// # Errors
/// `Invalid`: there is no such table or member, or its size is not that of `T`.
pub fn member<T>(object: &ObjectSpec, table: &str, member: &str) -> Result<Initial<T>, Error>
where
    T: FromBytes + IntoBytes,
{
    let bytes = object.op_bytes(table, member).map_err(|error| refused(object, &error))?;
    let invalid = |problem: String| {
        Error::invalid(format!("object `{}`: `{member}` of `{table}` {problem}", object.name))
    };
    let size = size_of::<T>();
    let mut value =
        T::new_box_zeroed().map_err(|_| invalid(format!("has {size} bytes: no memory for it")))?;
    if bytes.len() != size {
        return Err(invalid(format!("has {} bytes; its type has {size}", bytes.len())));
    }
    value.as_mut_bytes().copy_from_slice(bytes);
    Ok(Initial::unchanged(member, value))
}

/// A table's callback.
///
/// # Errors
/// `Invalid`: there is no such table or callback.
pub fn callback(object: &ObjectSpec, table: &str, member: &str) -> Result<Callback, Error> {
    let program = object.op_program(table, member).map_err(|error| refused(object, &error))?;
    Ok(Callback { name: member.to_owned(), program: program.map(str::to_owned), changed: false })
}

/// Puts a member back.
///
/// # Errors
/// `Invalid`: the table has no such member, or one of another size.
pub fn put_member<T>(object: &mut ObjectSpec, table: &str, member: &Initial<T>) -> Result<(), Error>
where
    T: IntoBytes + Immutable,
{
    let Some(value) = member.change() else { return Ok(()) };
    let set = object.set_op_bytes(table, member.name(), value.as_bytes());
    set.map_err(|error| refused(object, &error))
}

/// Puts a callback back.
///
/// # Errors
/// `Invalid`: the program is of another object, or is none for tables.
pub fn put_callback(
    object: &mut ObjectSpec,
    table: &str,
    callback: &Callback,
) -> Result<(), Error> {
    if !callback.changed {
        return Ok(());
    }
    let program = callback.program().and_then(|name| object.programs.get(name));
    if let Some(program) = program.filter(|one| one.prog_type != Some(ProgType::STRUCT_OPS)) {
        return Err(Error::invalid(format!(
            "object `{}`: `{}` of `{table}` takes programs of SEC(\"struct_ops\"), and `{}` is in \
             SEC(\"{}\")",
            object.name, callback.name, program.name, program.section
        )));
    }
    let set = object.set_op_program(table, &callback.name, callback.program());
    set.map_err(|error| refused(object, &error))
}

fn refused(object: &ObjectSpec, error: &osmia_object::Error) -> Error {
    Error::invalid(format!("object `{}`: {error}", object.name))
}
