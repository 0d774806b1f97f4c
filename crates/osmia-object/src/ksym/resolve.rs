//! Externs of a program, filled in.

use osmia_insn::{Imm64, Insn, PSEUDO_KFUNC_CALL, Reg};

use crate::error::Error;
use crate::extern_spec::{ExternKind, ExternSpec};
use crate::function::{Relocation, Target};
use crate::ksym::symbol::{KernelSymbol, KernelSymbols};
use crate::linked_program::LinkedProgram;
use crate::map_spec::MapRole;
use crate::object_spec::ObjectSpec;

/// The number of the helper function that a call of an absent kernel function calls, with the
/// extern's place in the object added: libbpf has it as well, so that tools know it. The verifier
/// says "invalid func unknown#2002000003" if it comes to such a call.
pub const MISSING_CALL: i32 = 2_002_000_000;

/// How a program refers to a module's BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFd {
    /// Its descriptor.
    pub fd: i32,
    /// Its place in the descriptor array that the program is loaded with; 0 has no meaning.
    pub index: i16,
}

/// A call of a kernel function that is not there, which must not run, or the address of what is
/// not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCall {
    /// Its slot, from the program's start.
    pub at: u32,
    /// The extern's name.
    pub name: String,
    /// Why it is taken for absent, as the end of a sentence.
    pub why: String,
}

impl LinkedProgram {
    /// Fills in what the program's externs are in a kernel; calls of what it has not become ones
    /// that cannot run, listed in [`missing_calls`](Self::missing_calls). Those of the kernel's configuration become references to the `.kconfig` map's value.
    ///
    /// `module` tells how to refer to the module at a place of [`KernelSymbol::Typed`].
    ///
    /// # Errors
    /// An extern is not among the symbols, or is not what the instruction wants.
    pub fn resolve_externs(
        &mut self,
        object: &ObjectSpec,
        symbols: &KernelSymbols,
        module: impl Fn(usize) -> Option<ModuleFd>,
    ) -> Result<(), Error> {
        let mut left = Vec::with_capacity(self.relocations.len());
        for relocation in std::mem::take(&mut self.relocations) {
            let Target::Extern(name) = &relocation.target else {
                left.push(relocation);
                continue;
            };
            let place = object.externs.get_full(name).map(|(place, _, spec)| (place, spec));
            let (place, spec) = place.ok_or_else(|| unknown(name))?;
            if let Some(target) = in_kconfig(object, spec) {
                left.push(Relocation { at: relocation.at, target });
                continue;
            }
            let insns = self.insns.get_mut(relocation.at as usize..).unwrap_or_default();
            let symbol = symbols.get(name).ok_or_else(|| unresolved(spec))?;
            if let KernelSymbol::Absent { why } = symbol {
                let list = match insns.first().is_some_and(|insn| insn.is_call()) {
                    true => &mut self.missing_calls,
                    false => &mut self.missing_addresses,
                };
                let (name, why) = (name.clone(), why.clone());
                list.push(MissingCall { at: relocation.at, name, why });
            }
            fill(insns, place, symbol, &module)
                .map_err(|problem| Error::Extern { name: name.clone(), problem })?;
        }
        self.relocations = left;
        Ok(())
    }
}

/// The place of a value of the kernel's configuration.
fn in_kconfig(object: &ObjectSpec, spec: &ExternSpec) -> Option<Target> {
    let ExternKind::Kconfig { offset, .. } = spec.kind else { return None };
    let map = object.maps.values().find(|map| map.role == MapRole::Kconfig)?;
    Some(Target::MapValue { map: map.name.clone(), offset })
}

fn fill(
    insns: &mut [Insn],
    place: usize,
    symbol: &KernelSymbol,
    module: impl Fn(usize) -> Option<ModuleFd>,
) -> Result<(), String> {
    let of_module = |place: usize| match place {
        0 => Ok(ModuleFd { fd: 0, index: 0 }),
        _ => module(place).ok_or_else(|| "its module cannot be referred to".to_owned()),
    };
    match (insns, symbol) {
        ([call, ..], _) if call.is_call() => {
            (call.dst, call.src, call.off) = (Reg::R0, PSEUDO_KFUNC_CALL, 0);
            match symbol {
                KernelSymbol::Typed { place, id, .. } => {
                    (call.off, call.imm) = (of_module(*place)?.index, id.0 as i32);
                }
                KernelSymbol::Absent { .. } => {
                    call.src = Reg::R0;
                    call.imm =
                        MISSING_CALL.saturating_add(i32::try_from(place).unwrap_or(i32::MAX));
                }
                KernelSymbol::Address(_) => {
                    return Err("it is called, and only its address is known".to_owned());
                }
            }
        }
        ([first, second, ..], _) if first.is_wide() => {
            let value = match symbol {
                KernelSymbol::Address(address)
                | KernelSymbol::Typed { address: Some(address), .. } => Imm64::Const(*address),
                KernelSymbol::Typed { place, id, address: None } => {
                    Imm64::BtfId { id: id.0 as i32, btf_fd: of_module(*place)?.fd }
                }
                KernelSymbol::Absent { .. } => Imm64::Const(0),
            };
            [*first, *second] = value.slots(first.dst);
        }
        _ => return Err("the instruction that names it cannot refer to it".to_owned()),
    }
    Ok(())
}

fn unknown(name: &str) -> Error {
    Error::Extern { name: name.to_owned(), problem: "the object does not list it".to_owned() }
}

fn unresolved(spec: &ExternSpec) -> Error {
    let problem = match spec.kind {
        ExternKind::Object => {
            "the object does not define it: link it with the object that does, or declare it \
             `__ksym` if the kernel has it"
        }
        ExternKind::Kconfig { .. } => "the object has no `.kconfig` map",
        ExternKind::KernelVariable | ExternKind::KernelFunction => "nobody has looked it up",
    };
    Error::Extern { name: spec.name.clone(), problem: problem.to_owned() }
}
