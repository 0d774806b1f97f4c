//! What in a spec cannot be loaded, found before anything reaches the kernel.

use std::collections::HashMap;

use osmia_abi::{AttachType, ProgType};
use osmia_object::{MapSpec, ObjectSpec, Pinning, ProgramSpec, SectionDef};

use crate::error::Error;
use crate::load::license;
use crate::load::pinned::differences;
use crate::map::Map;
use crate::near::instead_of;
use crate::program::Program;

/// Refuses what no kernel could take.
pub(super) fn object(spec: &ObjectSpec) -> Result<(), Error> {
    spec.maps.values().try_for_each(map)?;
    let mut loaded = spec.programs.values().filter(|program| program.autoload);
    loaded.try_for_each(|one| program(one).and_then(|()| license::check(spec, one)))
}

fn map(spec: &MapSpec) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::invalid(format!("map `{}`: {why}", spec.name)));
    if let Some(problem) = &spec.problem {
        return refuse(problem.clone());
    }
    if let [field, ..] = spec.unknown_fields.as_slice() {
        return refuse(format!("its definition has a member `{field}`, which means nothing"));
    }
    if let Pinning::Unknown(value) = spec.pinning {
        return refuse(format!(
            "pinning {value} means nothing; LIBBPF_PIN_NONE is 0, LIBBPF_PIN_BY_NAME is 1"
        ));
    }
    // Inner maps have none of their own.
    spec.inner.as_deref().map_or(Ok(()), map)
}

fn program(spec: &ProgramSpec) -> Result<(), Error> {
    if spec.prog_type.is_some() {
        return Ok(());
    }
    let near = match SectionDef::suggest(&spec.section) {
        Some(near) => format!("; did you mean SEC(\"{near}\")?"),
        None => String::new(),
    };
    Err(Error::invalid(format!(
        "program `{}`: its section `{}` says no type of program{near}",
        spec.name, spec.section
    )))
}

/// Refuses targets for programs that there are not, or that attach to no program.
pub(super) fn targets(spec: &ObjectSpec, targets: &HashMap<String, Program>) -> Result<(), Error> {
    for name in targets.keys() {
        let Some(program) = spec.programs.get(name) else {
            let near = instead_of(name, "programs", spec.programs.keys().map(String::as_str));
            return Err(Error::not_found(format!(
                "there is no program `{name}` to have a target; {near}"
            )));
        };
        let prog_type = program.prog_type.unwrap_or_default();
        let by_name = [AttachType::TRACE_RAW_TP, AttachType::TRACE_ITER];
        let takes = prog_type == ProgType::EXT
            || prog_type == ProgType::TRACING
                && !program.attach_type.is_some_and(|ty| by_name.contains(&ty));
        if !takes {
            return Err(Error::invalid(format!(
                "program `{name}` in section `{}` attaches to no other program; freplace, fentry, \
                 fexit and fmod_ret programs do",
                program.section
            )));
        }
    }
    Ok(())
}

/// Refuses maps that are to take the place of others and cannot.
pub(super) fn reused(spec: &ObjectSpec, reused: &HashMap<String, Map>) -> Result<(), Error> {
    for (name, map) in reused {
        let Some(wanted) = spec.maps.get(name) else {
            let near = instead_of(name, "maps", spec.maps.keys().map(String::as_str));
            return Err(Error::not_found(format!("there is no map `{name}` to replace; {near}")));
        };
        let differences = differences(wanted, map);
        if !differences.is_empty() {
            return Err(Error::invalid(format!(
                "the map that is to take the place of map `{name}` is another: {}",
                differences.join(", ")
            )));
        }
    }
    Ok(())
}
