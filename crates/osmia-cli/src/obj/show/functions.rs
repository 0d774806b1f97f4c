//! An object's functions.

use osmia_object::{Function, ObjectSpec};
use serde::Serialize;

use crate::obj::reference::operand;
use crate::obj::show::declared;
use crate::report::Page;
use crate::table::{Column, fitted};

/// A function.
#[derive(Serialize)]
pub struct FunctionRow<'a> {
    name: &'a str,
    section: &'a str,
    prototype: Option<String>,
    insns: usize,
    core_relocations: usize,
    refers_to: Vec<String>,
}

/// The functions of an object.
pub fn rows(spec: &ObjectSpec) -> Vec<FunctionRow<'_>> {
    spec.functions.iter().map(|function| row(spec, function)).collect()
}

fn row<'a>(spec: &'a ObjectSpec, function: &'a Function) -> FunctionRow<'a> {
    let mut refers_to: Vec<String> = Vec::new();
    for relocation in &function.relocations {
        let name = operand(spec, &function.jump_tables, &relocation.target);
        if !refers_to.contains(&name) {
            refers_to.push(name);
        }
    }
    FunctionRow {
        name: &function.name,
        section: &function.section,
        prototype: declared(spec.btf.as_ref(), function.btf_type, &function.name),
        insns: function.insns.len(),
        core_relocations: function.core.len(),
        refers_to,
    }
}

/// The functions as a table.
pub fn table(rows: &[FunctionRow<'_>], page: &Page) -> String {
    let columns = [
        Column::text("name", 0),
        Column::text("section", 1),
        Column::number("insns", 0),
        Column::number("co-re", 2),
        Column::text("refers to", 0),
    ];
    let count = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|function| {
            vec![
                function.name.to_owned(),
                function.section.to_owned(),
                function.insns.to_string(),
                count(function.core_relocations),
                function.refers_to.join(", "),
            ]
        })
        .collect();
    fitted(page, &columns, &rows).titled("Functions")
}
