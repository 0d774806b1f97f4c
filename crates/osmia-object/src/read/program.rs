//! Programs: the functions that a section's name makes entries of.

use indexmap::IndexMap;

use crate::error::Error;
use crate::function::{Function, FunctionId, Target};
use crate::program_spec::ProgramSpec;
use crate::read::budget::Budget;
use crate::read::code::Code;
use crate::read::unique::Unique;
use crate::section_def::SectionDef;

/// Programs by name, and for each function the name of the program that it is the entry of.
pub(crate) type Programs = (IndexMap<String, ProgramSpec>, Vec<Option<String>>);

/// Finds the programs, and the name of each by its entry.
///
/// Functions in `.text` are subprograms, those in other sections are programs. A static
/// one is a program only if nothing calls it. If there is code in `.text` only, its
/// global functions can be looked at as programs, and loaded when given a type.
pub(crate) fn read(
    code: &Code,
    functions: &[Function],
    budget: &Budget,
) -> Result<Programs, Error> {
    let bare = functions.iter().all(|function| is_text(&function.section));
    let called = called(functions);
    let mut unique = Unique::default();
    let (mut programs, mut names) = (IndexMap::new(), Vec::with_capacity(functions.len()));
    for (number, function) in functions.iter().enumerate() {
        let id = FunctionId(number as u32);
        let outside = !code.is_local(id);
        let is_program = if is_text(&function.section) {
            bare && outside
        } else {
            outside || !called.get(number).copied().unwrap_or_default()
        };
        if !is_program {
            names.push(None);
            continue;
        }
        let name = unique.name(budget.name(&function.name)?, &programs);
        let spec = program(budget.name(&name)?, id, function, budget)?;
        names.push(Some(budget.name(&name)?));
        programs.insert(name, spec);
    }
    Ok((programs, names))
}

fn is_text(section: &str) -> bool {
    section.strip_prefix(".text").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether something refers to a function, by its number.
fn called(functions: &[Function]) -> Vec<bool> {
    let mut called = vec![false; functions.len()];
    for relocation in functions.iter().flat_map(|function| &function.relocations) {
        let (Target::Call(id) | Target::Address(id)) = relocation.target else { continue };
        if let Some(called) = called.get_mut(id.0 as usize) {
            *called = true;
        }
    }
    called
}

fn program(
    name: String,
    entry: FunctionId,
    function: &Function,
    budget: &Budget,
) -> Result<ProgramSpec, Error> {
    let section = budget.name(&function.section)?;
    let def = SectionDef::find(&section);
    let target = def.and_then(|def| def.target(&section));
    Ok(ProgramSpec {
        name,
        prog_type: def.map(|def| def.prog_type),
        attach_type: def.and_then(|def| def.attach_type),
        attach_target: target.map(|target| budget.name(target)).transpose()?,
        sleepable: def.is_some_and(|def| def.sleepable),
        xdp_frags: def.is_some_and(|def| def.xdp_frags),
        flags: 0,
        autoload: !section.starts_with('?') && !is_text(&section),
        autoattach: true,
        ifindex: 0,
        log_level: None,
        entry,
        section,
    })
}
