//! Addresses that C initialises data with, and that nobody fills in.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use osmia_object::{LinkedProgram, MapSpec, ObjectSpec, Pointer, Target};

use crate::error::Error;

/// As many addresses of one variable are named.
const NAMED: usize = 3;

/// A note for each variable that begins with addresses in C and does not in the kernel, where a
/// loaded program uses its section.
pub(super) fn notes(spec: &ObjectSpec, linked: &IndexMap<String, LinkedProgram>) -> Vec<Error> {
    let sections = spec.maps.values().filter(|map| map.role.is_data_section());
    let used = sections.filter(|map| !map.pointers.is_empty() && is_used(map, linked));
    used.flat_map(|map| of_section(spec, map)).collect()
}

fn is_used(map: &MapSpec, linked: &IndexMap<String, LinkedProgram>) -> bool {
    let targets = linked.values().flat_map(|program| &program.relocations);
    targets.into_iter().any(|relocation| match &relocation.target {
        Target::MapValue { map: name, .. } => *name == map.name,
        _ => false,
    })
}

fn of_section(spec: &ObjectSpec, map: &MapSpec) -> Vec<Error> {
    let mut owners: BTreeMap<u32, (String, Vec<&Pointer>)> = BTreeMap::new();
    for pointer in &map.pointers {
        let holds = |at: u32, size: u32| (at..at.saturating_add(size)).contains(&pointer.offset);
        let mut variables = spec.variables.values().filter(|variable| variable.map == map.name);
        let owner = variables.find(|variable| holds(variable.offset, variable.size));
        let (at, title) = match owner {
            Some(variable) => (variable.offset, format!("variable `{}`", variable.name)),
            None => (pointer.offset, format!("byte {} of section {}", pointer.offset, map.name)),
        };
        owners.entry(at).or_insert_with(|| (title, Vec::new())).1.push(pointer);
    }
    let file = c_file(spec).map_or_else(String::new, |file| format!(" of {file}"));
    let note = |(title, pointers): (String, Vec<&Pointer>)| {
        let named: Vec<String> = pointers.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if pointers.len() > NAMED { ", ..." } else { "" };
        Error::invalid(format!(
            "{title}{file} is initialised with {}{more} in C; nobody fills addresses in before a \
             program runs, so it has none in the kernel: set it in a program, or keep the values \
             themselves, or indices of them, in the array",
            named.join(", ")
        ))
    };
    owners.into_values().map(note).collect()
}

/// The C file that the programs are from, if it is one.
fn c_file(spec: &ObjectSpec) -> Option<&str> {
    let btf = spec.btf.as_ref()?;
    let first = |function: &osmia_object::Function| Some(function.lines.first()?.info.file);
    let mut files = spec.functions.iter().filter_map(first);
    let file = files.next()?;
    if files.any(|other| other != file) {
        return None;
    }
    btf.string(file).ok().map(|path| path.rsplit('/').next().unwrap_or(path))
}
