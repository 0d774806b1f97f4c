//! An object's programs.

use osmia_object::{ObjectSpec, ProgramSpec};
use serde::Serialize;

use crate::report::Page;
use crate::table::Table;

/// A program.
#[derive(Serialize)]
pub struct ProgramRow<'a> {
    name: &'a str,
    section: &'a str,
    #[serde(rename = "type")]
    prog_type: Option<String>,
    attach_type: Option<String>,
    target: Option<&'a str>,
    sleepable: bool,
    autoload: bool,
    /// With all functions that it reaches; none if it cannot be linked.
    insns: Option<usize>,
    /// Why it cannot be linked.
    problem: Option<String>,
}

/// The programs of an object.
pub fn rows(spec: &ObjectSpec) -> Vec<ProgramRow<'_>> {
    spec.programs.values().map(|program| row(spec, program)).collect()
}

fn row<'a>(spec: &ObjectSpec, program: &'a ProgramSpec) -> ProgramRow<'a> {
    let linked = spec.link(&program.name);
    let prog_type = program.prog_type;
    let attach_type = program.attach_type;
    ProgramRow {
        name: &program.name,
        section: &program.section,
        prog_type: prog_type.map(|ty| ty.name().map_or_else(|| ty.to_string(), str::to_owned)),
        attach_type: attach_type.map(|ty| ty.name().map_or_else(|| ty.to_string(), str::to_owned)),
        target: program.attach_target.as_deref(),
        sleepable: program.sleepable,
        autoload: program.autoload,
        insns: linked.as_ref().ok().map(|linked| linked.insns.len()),
        problem: linked.err().map(|error| error.to_string()),
    }
}

/// The programs as a table.
pub fn table(rows: &[ProgramRow<'_>], page: &Page) -> String {
    let mut table =
        Table::new(page, &["name", "section", "type", "insns"]).numbers(&[3]).whole(&[0]);
    for program in rows {
        let insns = program.insns.map_or_else(|| "?".to_owned(), |insns| insns.to_string());
        let ty = program.prog_type.clone().unwrap_or_else(|| "unknown".to_owned());
        table.row([program.name.to_owned(), program.section.to_owned(), ty, insns]);
    }
    table.titled("Programs")
}

/// Why programs cannot be linked.
pub fn problems(rows: &[ProgramRow<'_>]) -> String {
    let problems = rows.iter().filter_map(|program| program.problem.as_deref());
    problems.flat_map(|problem| ["\n", problem, "\n"]).collect()
}
