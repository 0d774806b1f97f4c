//! Arrays of programs, for tail calls.

use osmia_abi::MapType;
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::error::Error;
use crate::map::Map;
use crate::map::typed::{TypedMap, check_type, typed_map};
use crate::map::update::UpdateFlags;
use crate::program::Program;

/// An array of programs (`BPF_MAP_TYPE_PROG_ARRAY`), which `bpf_tail_call` jumps through.
///
/// The kernel empties it when the last handle and pin is gone, even if programs still use it.
///
/// # Kernel
/// Since 4.2.
#[derive(Clone, Debug)]
pub struct ProgramArray {
    map: Map,
}

typed_map!([] ProgramArray);

impl TypedMap for ProgramArray {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "ProgramArray", &[MapType::PROG_ARRAY])?;
        Ok(Self { map })
    }
}

impl ProgramArray {
    /// Puts a program into a slot.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end, or the program does not suit those that are there
    /// (another type, or compiled by the JIT while they are not).
    pub fn set(&self, index: u32, program: &Program) -> Result<(), Error> {
        let descriptor = program.raw_fd()?;
        let (key, value) = (index.as_bytes(), descriptor.as_bytes());
        self.map.update(key, value, UpdateFlags::ANY).map(drop).map_err(|error| {
            error.during(format!("put program `{}` into slot {index}", program.name()))
        })
    }

    /// Empties a slot; whether there was a program.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end.
    pub fn clear(&self, index: u32) -> Result<bool, Error> {
        self.map.delete(index.as_bytes())
    }

    /// The id of the program in a slot, if there is one.
    ///
    /// # Kernel
    /// Since 4.16.
    ///
    /// # Errors
    /// `Invalid`: the kernel is older.
    pub fn id(&self, index: u32) -> Result<Option<u32>, Error> {
        let value = self.map.lookup(index.as_bytes())?;
        Ok(value.and_then(|value| u32::read_from_bytes(&value).ok()))
    }
}
