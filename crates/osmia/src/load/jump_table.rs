//! Jump tables: instruction arrays, of which each program has its own.

use osmia_abi::MapType;
use osmia_object::{JumpTable, LinkedProgram, MapSpec};
use zerocopy::IntoBytes as _;

use crate::error::kind::ErrorKind;
use crate::error::{Attempt as _, Error};
use crate::load::Load;
use crate::map::Map;
use crate::map::update::UpdateFlags;

/// The name that other loaders give to these maps.
const NAME: &str = ".jumptables";

/// An entry is the instruction's slot before verification, after it, its place in the machine code, and padding; all but
/// the first are the kernel's to fill.
const ENTRY: usize = 4;

impl Load<'_> {
    /// The instruction arrays of a program, in the order of its tables.
    pub(super) fn jump_tables(&self, program: &LinkedProgram) -> Result<Vec<Map>, Error> {
        let tables = program.jump_tables.iter();
        let made = tables.map(|table| {
            self.jump_table(table).attempt(|| format!("make its jump table `{}`", table.name))
        });
        made.collect()
    }

    fn jump_table(&self, table: &JumpTable) -> Result<Map, Error> {
        let mut spec = MapSpec::new(NAME, MapType::INSN_ARRAY);
        spec.key_size = 4;
        spec.value_size = size_of::<[u32; ENTRY]>() as u32;
        spec.max_entries = u32::try_from(table.places.len()).unwrap_or(u32::MAX);
        let (map, _) = self.create(&spec, None).map_err(|error| match error.kind() {
            ErrorKind::Unsupported { .. } => error.during(
                "programs jump through registers only on kernels that have these; without jumps of \
                 that kind it is compiled with -mcpu=v3",
            ),
            _ => error,
        })?;
        for (number, place) in (0_u32..).zip(&table.places) {
            let entry: [u32; ENTRY] = [*place, 0, 0, 0];
            map.update(number.as_bytes(), entry.as_bytes(), UpdateFlags::ANY)?;
        }
        // The verifier takes none that may still change.
        map.freeze()?;
        Ok(map)
    }
}
