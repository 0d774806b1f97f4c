//! What an object expects others to provide.

use osmia_object::{ExternKind, ExternSpec, ObjectSpec};
use serde::Serialize;

use crate::obj::show::declared;
use crate::report::Page;
use crate::table::Table;

/// An extern.
#[derive(Serialize)]
pub struct ExternRow<'a> {
    name: &'a str,
    provider: &'static str,
    weak: bool,
    declaration: Option<String>,
}

/// The externs of an object.
pub fn rows(spec: &ObjectSpec) -> Vec<ExternRow<'_>> {
    spec.externs.values().map(|found| row(spec, found)).collect()
}

fn row<'a>(spec: &ObjectSpec, found: &'a ExternSpec) -> ExternRow<'a> {
    ExternRow {
        name: &found.name,
        provider: match found.kind {
            ExternKind::Kconfig { .. } => "kernel configuration",
            ExternKind::KernelVariable => "kernel variable",
            ExternKind::KernelFunction => "kernel function",
            _ => "another object",
        },
        weak: found.weak,
        declaration: declared(spec.btf.as_ref(), found.ty, &found.name),
    }
}

/// The externs as a table.
pub fn table(rows: &[ExternRow<'_>], page: &Page) -> String {
    let mut table = Table::new(page, &["name", "from", "declaration"]);
    for found in rows {
        let weak = if found.weak { " (weak)" } else { "" };
        table.row([
            found.name.to_owned(),
            format!("{}{weak}", found.provider),
            found.declaration.clone().unwrap_or_default(),
        ]);
    }
    table.titled("Externs")
}
