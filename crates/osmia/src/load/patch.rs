//! Filling references to maps in.

use indexmap::IndexMap;
use osmia_insn::{Imm64, Insn};
use osmia_object::{ExternKind, LinkedProgram, ObjectSpec, Relocation, Target};

use crate::error::Error;
use crate::map::Map;

/// Fills in the descriptors of maps.
pub(super) fn maps(
    spec: &ObjectSpec,
    program: &mut LinkedProgram,
    maps: &IndexMap<String, Map>,
) -> Result<(), Error> {
    for relocation in &program.relocations {
        let value = value(spec, relocation, maps)?;
        put(&mut program.insns, relocation.at, value);
    }
    Ok(())
}

fn value(
    spec: &ObjectSpec,
    relocation: &Relocation,
    maps: &IndexMap<String, Map>,
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
        Target::Extern(name) => Err(unresolved(spec, name)),
        other => Err(Error::invalid(format!(
            "instruction {} refers to {other:?}, which linking left open",
            relocation.at
        ))),
    }
}

/// An extern that nobody provides.
fn unresolved(spec: &ObjectSpec, name: &str) -> Error {
    let what = match spec.externs.get(name).map(|found| found.kind) {
        Some(ExternKind::KernelFunction) => "a kernel function (__ksym)",
        Some(ExternKind::KernelVariable) => "a kernel variable (__ksym)",
        Some(ExternKind::Kconfig { .. }) => "a value of the kernel's configuration (__kconfig)",
        _ => "defined nowhere in the object: link the object that has it, or declare it __ksym",
    };
    Error::invalid(format!(
        "it uses the extern `{name}`, which is {what}; this version of Osmia does not resolve it"
    ))
}

/// Writes a 64-bit immediate; linking has made sure that it is one, and whole.
fn put(insns: &mut [Insn], at: u32, value: Imm64) {
    let Some([first, second, ..]) = insns.get_mut(at as usize..) else { return };
    let [low, high] = value.slots(first.dst);
    (*first, *second) = (low, high);
}
