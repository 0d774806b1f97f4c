//! Filling references to maps in.

use indexmap::IndexMap;
use osmia_insn::{Imm64, Insn};
use osmia_object::{LinkedProgram, Relocation, Target};

use crate::error::Error;
use crate::map::Map;

/// Fills in the descriptors of maps, and of the program's own jump tables.
pub(super) fn maps(
    program: &mut LinkedProgram,
    maps: &IndexMap<String, Map>,
    tables: &[Map],
) -> Result<(), Error> {
    for relocation in &program.relocations {
        let value = value(relocation, maps, tables)?;
        put(&mut program.insns, relocation.at, value);
    }
    Ok(())
}

fn value(
    relocation: &Relocation,
    maps: &IndexMap<String, Map>,
    tables: &[Map],
) -> Result<Imm64, Error> {
    let fd = |name: &str| {
        let map = maps.get(name);
        let map = map.ok_or_else(|| Error::not_found(format!("there is no map `{name}`")))?;
        Ok::<_, Error>(std::os::fd::AsRawFd::as_raw_fd(&map.fd()?))
    };
    match &relocation.target {
        Target::Map(name) => Ok(Imm64::MapFd(fd(name)?)),
        Target::MapValue { map, offset } => {
            Ok(Imm64::MapValue { fd: fd(map)?, offset: *offset as i32 })
        }
        Target::JumpTable { table, offset } => {
            let table = tables.get(*table as usize);
            let table = table.ok_or_else(|| Error::not_found("there is no such jump table"))?;
            let fd = std::os::fd::AsRawFd::as_raw_fd(&table.fd()?);
            Ok(Imm64::MapValue { fd, offset: *offset as i32 })
        }
        other => Err(Error::invalid(format!(
            "instruction {} refers to {other:?}, which linking left open",
            relocation.at
        ))),
    }
}

/// Writes a 64-bit immediate; linking has made sure that it is one, and whole.
fn put(insns: &mut [Insn], at: u32, value: Imm64) {
    let Some([first, second, ..]) = insns.get_mut(at as usize..) else { return };
    let [low, high] = value.slots(first.dst);
    (*first, *second) = (low, high);
}
