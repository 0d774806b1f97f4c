//! What modules made from BPF C files stand on: for generated code, not to be called by hand.
//!
//! `osmia-build` turns a C file into a module of this shape; `basic.bpf.c` has the constant
//! `const_u32`, the variable `global_u16`, the maps `counts` and `events`, and the programs
//! `closes` (a tracepoint) and `const_example` (a socket filter):
//!
//! ```ignore
//! /// The object's bytes.
//! pub static OBJECT: &[u8] = include_bytes!("basic.bpf.o");
//!
//! /// Opens the object: plain data, nothing reaches a kernel yet.
//! pub fn open() -> Result<Spec, osmia::Error> {
//!     Spec::new(osmia::generated::open("basic", OBJECT)?)
//! }
//!
//! pub struct Spec { object: osmia::ObjectSpec, pub progs: ProgSpecs, pub maps: MapSpecs, pub vars: VarSpecs }
//! pub struct ProgSpecs { pub closes: osmia::ProgramSpec, pub const_example: osmia::ProgramSpec }
//! pub struct MapSpecs { pub counts: osmia::MapSpec, pub events: osmia::MapSpec }
//! pub struct VarSpecs { pub const_u32: Initial<u32>, pub global_u16: Initial<u16> }
//!
//! impl Spec {
//!     fn new(object: ObjectSpec) -> Result<Self, Error> {
//!         Ok(Self {
//!             progs: ProgSpecs { closes: generated::program_spec(&object, "closes")?, .. },
//!             maps: MapSpecs { counts: generated::map_spec(&object, "counts")?, .. },
//!             vars: VarSpecs { const_u32: generated::initial(&object, "const_u32")?, .. },
//!             object,
//!         })
//!     }
//!     /// The same as a spec whose parts are found by name.
//!     pub fn into_object(self) -> Result<ObjectSpec, Error> {
//!         let Self { mut object, progs, maps, vars } = self;
//!         generated::put_program(&mut object, progs.closes)?;
//!         generated::put_map(&mut object, maps.counts)?;
//!         generated::put_initial(&mut object, &vars.const_u32)?;
//!         Ok(object)
//!     }
//!     pub fn load(self, kernel: &Kernel) -> Result<Basic, Error> { self.load_with(&Loader::new(kernel)) }
//!     pub fn load_with(self, loader: &Loader) -> Result<Basic, Error> {
//!         Basic::new(loader.load(&self.into_object()?)?)
//!     }
//! }
//!
//! pub struct Basic { object: osmia::Object, pub progs: Progs, pub maps: Maps, pub vars: Vars }
//! pub struct Progs { pub closes: osmia::TracepointProgram, pub const_example: osmia::SocketFilterProgram }
//! pub struct Maps { pub counts: osmia::HashMap<u32, u64>, pub events: osmia::RingBuf<Event> }
//! pub struct Vars { pub const_u32: osmia::Constant<u32>, pub global_u16: osmia::Variable<u16> }
//!
//! impl Basic {
//!     pub fn new(object: Object) -> Result<Self, Error> {
//!         Ok(Self {
//!             progs: Progs { closes: generated::program(&object, "closes")?, .. },
//!             maps: Maps { counts: generated::map(&object, "counts")?, .. },
//!             vars: Vars { const_u32: generated::constant(&object, "const_u32")?,
//!                          global_u16: generated::variable(&object, "global_u16")? },
//!             object,
//!         })
//!     }
//!     pub fn attach(&self) -> Result<osmia::Links, Error> { self.object.attach() }
//!     pub fn object(&self) -> &Object { &self.object }
//! }
//! ```
//!
//! An object with externs of the kernel's configuration (`extern int CONFIG_HZ __kconfig`) has
//! `Bpf::kconfig`, too, a struct with a field for each: its value, by [`kconfig`]. One with tables of
//! callbacks (`SEC(".struct_ops")`) has `Bpf::struct_ops`, by [`struct_ops`], and `Spec::struct_ops`: each table
//! there is a struct with its [`MapSpec`] as `map` and a field for each member, an [`Initial`] or a
//! [`Callback`](ops::Callback).
//!
//! Types of keys, values, variables and events derive
//! `osmia::zerocopy::{FromBytes, IntoBytes, Immutable, KnownLayout}` (by `#[zerocopy(crate =
//! "osmia::zerocopy")]`) and `Clone, Copy`; so any bytes are a value of them: a C `bool` is a [`Bool`], a
//! `char` array a [`Chars`], a pointer a [`Ptr`], an enum a newtype over its integer. A map of maps has the handle of its
//! inner maps as an argument: `ArrayOfMaps<HashMap<u32, u64>>`. Maps that the run-time has no typed handle for, or whose key and value
//! types the object does not tell, are [`Map`](crate::Map)s; programs of a type without a handle
//! are [`Program`](crate::Program)s; a ring buffer whose event type is not known is a
//! `RingBuf<[u8]>`.

use osmia_object::{MapSpec, ObjectSpec, ProgramSpec};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Error;
use crate::generated::initial::Initial;
use crate::map::typed::TypedMap;
use crate::near::instead_of;
use crate::object::Object;
use crate::plain::Plain;
use crate::program::kinds::TypedProgram;
use crate::struct_ops::StructOps;
use crate::variable::{Constant, Variable};

pub mod bits;
mod boolean;
mod chars;
pub mod flexible;
pub mod initial;
mod layout;
pub mod ops;
mod pad;
mod ptr;
pub mod union;

pub use crate::generated::boolean::Bool;
pub use crate::generated::chars::Chars;
pub use crate::generated::layout::name;
pub use crate::generated::pad::Pad;
pub use crate::generated::ptr::{Function, Ptr};
pub use crate::{__layout as layout, __show as show};

/// Reads the object that a module was generated from.
///
/// # Errors
/// `Malformed`: the bytes are no BPF object, which a generated module's are.
pub fn open(name: &str, object: &'static [u8]) -> Result<ObjectSpec, Error> {
    crate::open::open(name, object)
}

/// The program of this name, to be changed before loading.
///
/// # Errors
/// `NotFound`: the object has no such program.
pub fn program_spec(object: &ObjectSpec, name: &str) -> Result<ProgramSpec, Error> {
    let names = || object.programs.keys().map(String::as_str);
    object.programs.get(name).cloned().ok_or_else(|| absent(object, "program", name, names()))
}

/// The map of this name, to be changed before loading.
///
/// # Errors
/// `NotFound`: the object has no such map.
pub fn map_spec(object: &ObjectSpec, name: &str) -> Result<MapSpec, Error> {
    let names = || object.maps.keys().map(String::as_str);
    object.maps.get(name).cloned().ok_or_else(|| absent(object, "map", name, names()))
}

/// The initial value of the variable or constant of this name.
///
/// # Errors
/// `NotFound`: the object has no such variable; `Invalid`: its size is not that of `T`.
pub fn initial<T>(object: &ObjectSpec, name: &str) -> Result<Initial<T>, Error>
where
    T: FromBytes + IntoBytes + Immutable,
{
    Initial::read(object, name)
}

/// Puts a changed program back.
///
/// # Errors
/// `NotFound`: the object has no program of its name.
pub fn put_program(object: &mut ObjectSpec, program: ProgramSpec) -> Result<(), Error> {
    let Some(place) = object.programs.get_mut(&program.name) else {
        let names = object.programs.keys().map(String::as_str);
        return Err(absent(object, "program", &program.name, names));
    };
    *place = program;
    Ok(())
}

/// Puts a changed map back.
///
/// # Errors
/// `NotFound`: the object has no map of its name.
pub fn put_map(object: &mut ObjectSpec, map: MapSpec) -> Result<(), Error> {
    let Some(place) = object.maps.get_mut(&map.name) else {
        let names = object.maps.keys().map(String::as_str);
        return Err(absent(object, "map", &map.name, names));
    };
    *place = map;
    Ok(())
}

/// Puts an initial value back.
///
/// # Errors
/// `NotFound`: the object has no variable of its name; `Invalid`: the sizes differ.
pub fn put_initial<T>(object: &mut ObjectSpec, initial: &Initial<T>) -> Result<(), Error>
where
    T: IntoBytes + Immutable,
{
    initial.write(object)
}

/// The program of this name, by its type.
///
/// # Errors
/// `NotFound`: the object has no such program; `Invalid`: it is of another type.
pub fn program<P: TypedProgram>(object: &Object, name: &str) -> Result<P, Error> {
    P::from_program(object.program(name)?.clone())
}

/// The map of this name, by its type.
///
/// # Errors
/// `NotFound`: the object has no such map; `Invalid`: its type or its sizes are others.
pub fn map<M: TypedMap>(object: &Object, name: &str) -> Result<M, Error> {
    M::from_map(object.map(name)?.clone())
}

/// The variable of this name, by its type.
///
/// # Errors
/// `NotFound`: the object has no such variable; `Invalid`: its size is another.
pub fn variable<T: Plain>(object: &Object, name: &str) -> Result<Variable<T>, Error> {
    object.variable(name)?.typed()
}

/// The constant of this name, by its type.
///
/// # Errors
/// As for [`variable`], and `Invalid`: it is no constant.
pub fn constant<T: Plain>(object: &Object, name: &str) -> Result<Constant<T>, Error> {
    object.variable(name)?.constant()
}

/// What loaded programs read of the kernel's configuration by the extern of this name; `None` if
/// none reads it.
///
/// # Errors
/// `Invalid`: it is longer than `T`.
pub fn kconfig<T: Plain>(object: &Object, name: &str) -> Result<Option<T>, Error> {
    let Some(bytes) = object.kconfig(name) else { return Ok(None) };
    let mut value = T::new_zeroed();
    let size = size_of::<T>();
    let Some(place) = value.as_mut_bytes().get_mut(..bytes.len()) else {
        let message = format!("`{name}` has {} bytes; its type has {size}", bytes.len());
        return Err(Error::invalid(message));
    };
    place.copy_from_slice(bytes);
    Ok(Some(value))
}

/// The table of callbacks of this name; `None` if it was not created.
///
/// # Errors
/// None today.
pub fn struct_ops(object: &Object, name: &str) -> Result<Option<StructOps>, Error> {
    Ok(object.struct_ops.get(name).cloned())
}

fn absent<'a>(
    object: &ObjectSpec,
    noun: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Error {
    let instead = instead_of(name, &format!("{noun}s"), names);
    Error::not_found(format!("object `{}` has no {noun} `{name}`; {instead}", object.name))
}

#[cfg(test)]
mod tests {
    use super::{initial, map_spec, put_initial, put_map};
    use crate::error::kind::ErrorKind;
    use crate::handmade;

    #[test]
    fn what_is_set_arrives_in_the_spec() {
        let mut object = handmade::basic();
        let mut constant = initial::<u32>(&object, "const_u32").unwrap();
        assert_eq!(*constant.get(), 50);
        constant.set(12);
        put_initial(&mut object, &constant).unwrap();
        assert_eq!(*initial::<u32>(&object, "const_u32").unwrap().get(), 12);

        let mut bss = map_spec(&object, ".bss").unwrap();
        bss.flags = 1;
        put_map(&mut object, bss).unwrap();
        assert_eq!(object.maps[".bss"].flags, 1);
    }

    #[test]
    fn a_module_of_another_object_is_found_out() {
        let mut object = handmade::basic();
        let mut map = map_spec(&object, ".bss").unwrap();
        map.name = "bss".to_owned();
        assert_eq!(put_map(&mut object, map).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(initial::<u64>(&object, "const_u32").is_err());
    }
}
