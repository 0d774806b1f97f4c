//! Addresses of kernel functions that a program takes, most often to ask whether they are there.

use indexmap::IndexMap;
use osmia_abi::ProgType;
use osmia_btf::{Kind, essential_name};
use osmia_insn::{Imm64, Insn, Reg};
use osmia_object::ksym::{KernelSymbol, KernelSymbols};
use osmia_object::{ExternKind, LinkedProgram, ObjectSpec, Target};

use crate::error::kind::ErrorKind;
use crate::error::{Attempt as _, Error};
use crate::kernel::{Kernel, features};

/// A function that every kernel has.
const ANY: &str = "schedule";

/// Gives kernels that load no address of a function by its type (before 6.4) the address itself.
pub(super) fn settle(
    kernel: &Kernel,
    spec: &ObjectSpec,
    programs: &IndexMap<String, LinkedProgram>,
    symbols: &mut KernelSymbols,
) -> Result<(), Error> {
    let is_there = |name: &&str| {
        let function = spec.externs.get(*name).map(|one| one.kind);
        function == Some(ExternKind::KernelFunction)
            && matches!(symbols.get(*name), Some(KernelSymbol::Typed { .. }))
    };
    let mut taken: Vec<&str> = programs.values().flat_map(taken).filter(is_there).collect();
    taken.sort_unstable();
    taken.dedup();
    if taken.is_empty() || loads_by_type(kernel)? != Some(false) {
        return Ok(());
    }
    // A flavour is none of the kernel's names.
    let plain = |name: &str| {
        let essential = essential_name(name.as_bytes()).len();
        name.get(..essential).unwrap_or(name).to_owned()
    };
    let names: Vec<String> = taken.iter().map(|name| plain(name)).collect();
    let found = kernel
        .addresses(names.iter().map(String::as_str))
        .attempt(|| format!("find the addresses of {}, which it takes", names.join(", ")))?;
    for (name, plain) in taken.iter().zip(&names) {
        let place = found.get(plain).and_then(|places| places.first());
        if let (Some(KernelSymbol::Typed { address, .. }), Some(place)) =
            (symbols.get_mut(*name), place)
        {
            *address = Some(place.address);
        }
    }
    Ok(())
}

/// The externs whose address a program takes.
fn taken(program: &LinkedProgram) -> impl Iterator<Item = &str> {
    program.relocations.iter().filter_map(|relocation| match &relocation.target {
        Target::Extern(name) => {
            let insn = program.insns.get(relocation.at as usize)?;
            insn.is_wide().then_some(name.as_str())
        }
        _ => None,
    })
}

/// Whether the kernel takes a function for a 64-bit immediate load by type; `None` if it does not
/// let us ask.
fn loads_by_type(kernel: &Kernel) -> Result<Option<bool>, Error> {
    let found = kernel.own_btf()?.find(Kind::Func, ANY).map_err(|error| {
        Error::new(ErrorKind::Malformed, "search the kernel's BTF").caused_by(error)
    })?;
    let Some(function) = found else { return Ok(None) };
    let id = function.id().0 as i32;
    let [low, high] = Imm64::BtfId { id, btf_fd: 0 }.slots(Reg::R1);
    let end = [Insn::mov64_imm(Reg::R0, 0), Insn::exit()];
    let load = |insns: &[Insn]| features::load(kernel.bpf(), ProgType::SOCKET_FILTER, insns);
    Ok(match load(&[&[low, high], &end[..]].concat()) {
        Ok(_) => Some(true),
        Err(_) => load(&end).is_ok().then_some(false),
    })
}
