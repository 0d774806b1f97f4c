//! An object's variables.

use osmia_object::{ObjectSpec, Pointer, ValueKind, Variable};
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
    /// What addresses it begins with in C.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Address>,
    #[serde(skip)]
    kind: ValueKind,
}

/// An address in a variable.
#[derive(Serialize)]
struct Address {
    offset: u32,
    of: String,
}

impl VariableRow<'_> {
    /// Its value on one line; for addresses, what they are of.
    fn text(&self) -> String {
        let at = |offset: u32| self.addresses.iter().find(|address| address.offset == offset);
        match (self.kind, self.addresses.as_slice()) {
            (_, []) => self.value.text(),
            (ValueKind::Pointer, [address]) => address.of.clone(),
            (ValueKind::Array(len), _) if u64::from(len) * POINTER == u64::from(self.size) => {
                let place = |at: u64| u32::try_from(at * POINTER).unwrap_or(u32::MAX);
                let element = |number| at(place(number)).map_or("0", |address| address.of.as_str());
                let elements: Vec<_> = (0..u64::from(len)).map(element).collect();
                format!("[{}]", elements.join(", "))
            }
            (_, addresses) => {
                let told = addresses.iter().map(|one| format!("{} at {}", one.of, one.offset));
                format!("{} with {}", self.value.text(), told.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The section that it stands in.
    pub fn section(&self) -> &str {
        self.section
    }
}

/// The bytes of a pointer in an object.
const POINTER: u64 = 8;

fn addresses(spec: &ObjectSpec, variable: &Variable<'_>) -> Vec<Address> {
    let address = |pointer: Pointer| {
        let of = text_at(spec, &pointer).unwrap_or_else(|| pointer.to_string());
        Address { offset: pointer.offset, of }
    };
    variable.pointers().map(address).collect()
}

/// The text that an address is of: literals have no names.
fn text_at(spec: &ObjectSpec, pointer: &Pointer) -> Option<String> {
    let section = spec.maps.get(pointer.symbol.strip_prefix("of section ")?)?;
    let bytes = section.contents.get(usize::try_from(pointer.added).ok()?..)?;
    let text = bytes.get(..bytes.iter().position(|&byte| byte == 0)?)?;
    std::str::from_utf8(text).ok().map(|text| format!("{text:?}"))
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
            addresses: addresses(spec, &variable),
            kind: variable.ty().kind(),
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
        let mut value = variable.text();
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
