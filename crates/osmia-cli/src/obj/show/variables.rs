//! An object's variables.

use osmia_object::ObjectSpec;
use serde::Serialize;

use crate::obj::show::declared;
use crate::report::Page;
use crate::table::Table;
use crate::value::Value;

/// A variable.
#[derive(Serialize)]
pub struct VariableRow<'a> {
    name: &'a str,
    section: &'a str,
    offset: u32,
    size: u32,
    #[serde(rename = "type")]
    declaration: String,
    constant: bool,
    value: Value<'a>,
}

impl VariableRow<'_> {
    /// The section that it stands in.
    pub fn section(&self) -> &str {
        self.section
    }
}

/// The variables of an object.
pub fn rows(spec: &ObjectSpec) -> Vec<VariableRow<'_>> {
    let row = |name| {
        // One that lies outside of its section has no value; loading says so.
        let variable = spec.variable(name).ok()?;
        let place = variable.spec();
        let btf = spec.btf.as_ref();
        let declaration = declared(btf, place.ty, name);
        Some(VariableRow {
            name: &place.name,
            section: &place.map,
            offset: place.offset,
            size: place.size,
            declaration: declaration
                .unwrap_or_else(|| format!("{name} ({})", variable.ty().title())),
            constant: variable.is_constant(),
            value: Value::new(btf, place.ty, variable.bytes()),
        })
    };
    spec.variables.keys().map(String::as_str).filter_map(row).collect()
}

/// The longest value that is shown whole.
const WIDTH: usize = 120;

/// The variables as a table.
pub fn table(rows: &[VariableRow<'_>], page: &Page) -> String {
    let mut table = Table::new(page, &["section", "offset", "declaration", "value"]).numbers(&[1]);
    for variable in rows {
        let mut value = variable.value.text();
        if let Some((cut, _)) = value.char_indices().nth(WIDTH) {
            value.truncate(cut);
            value.push_str(" ...");
        }
        table.row([
            variable.section.to_owned(),
            variable.offset.to_string(),
            variable.declaration.clone(),
            value,
        ]);
    }
    table.titled("Variables")
}
