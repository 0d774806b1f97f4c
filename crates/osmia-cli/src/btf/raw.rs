//! Records as they are, one a line; in the words of bpftool, so that scripts go on working.

use std::fmt::Write as _;

use osmia_btf::{Btf, Error, Kind, Linkage, Type, TypeId};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A record: its id, kind, name, and what else belongs to its kind.
#[derive(Serialize)]
pub struct Record {
    id: u32,
    kind: String,
    name: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
    /// Members, values, parameters or variables, under the name that JSON has for them.
    #[serde(flatten)]
    elements: Map<String, Value>,
}

impl Record {
    /// The record of a type.
    ///
    /// # Errors
    /// It is broken.
    pub fn of(ty: &Type<'_>) -> Result<Self, Error> {
        let (mut fields, mut elements) = (Map::new(), Map::new());
        let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        match ty.kind() {
            Kind::Int => {
                let Some(int) = ty.int() else { return Ok(Self::bare(ty)) };
                let flags = [(int.signed, "SIGNED"), (int.is_char, "CHAR"), (int.is_bool, "BOOL")];
                let encoding = flags.iter().find(|(is, _)| *is).map_or("(none)", |(_, name)| name);
                put("size", json!(int.size));
                put("bits_offset", json!(int.offset));
                put("nr_bits", json!(int.bits));
                put("encoding", json!(encoding));
            }
            Kind::Array => {
                let array =
                    ty.array().map_or([0; 3], |array| [array.element.0, array.index.0, array.len]);
                for (name, value) in ["type_id", "index_type_id", "nr_elems"].into_iter().zip(array)
                {
                    put(name, json!(value));
                }
            }
            Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::DataSec => {
                if ty.is_enum() {
                    put("encoding", json!(if ty.is_signed_enum() { "SIGNED" } else { "UNSIGNED" }));
                }
                put("size", json!(ty.own_size()));
                put("vlen", json!(ty.vlen()));
                let (name, list) = parts(ty)?;
                elements.insert(name.to_owned(), list);
            }
            Kind::Fwd => put("fwd_kind", json!(if ty.is_union_fwd() { "union" } else { "struct" })),
            Kind::Func => {
                put("type_id", json!(id(ty)));
                put("linkage", json!(linkage(ty)));
            }
            Kind::FuncProto => {
                put("ret_type_id", json!(id(ty)));
                put("vlen", json!(ty.vlen()));
                let (name, list) = parts(ty)?;
                elements.insert(name.to_owned(), list);
            }
            Kind::Var => {
                put("type_id", json!(id(ty)));
                put("linkage", json!(linkage(ty)));
            }
            Kind::Float => put("size", json!(ty.own_size())),
            Kind::DeclTag => {
                put("type_id", json!(id(ty)));
                put("component_idx", json!(ty.tag_component().map_or(-1, i64::from)));
            }
            _ => put("type_id", json!(id(ty))),
        }
        Ok(Self { fields, elements, ..Self::bare(ty) })
    }

    fn bare(ty: &Type<'_>) -> Self {
        let name = if ty.name().is_empty() { "(anon)" } else { ty.name() };
        let (kind, name) = (ty.kind().to_string(), name.to_owned());
        Self { id: ty.id().0, kind, name, fields: Map::new(), elements: Map::new() }
    }

    /// The record on a line, and each of its elements on one below.
    pub fn text(&self, btf: &Btf) -> String {
        let fields = words_of(&self.fields);
        // As it has always been printed.
        let fields =
            if self.kind == "VAR" { fields.replacen(" linkage", ", linkage", 1) } else { fields };
        let mut text = format!("[{}] {} '{}'{fields}\n", self.id, self.kind, self.name);
        for list in self.elements.values().filter_map(Value::as_array) {
            for element in list.iter().filter_map(Value::as_object) {
                let words = words_of(element);
                let words = match self.kind.as_str() {
                    "ENUM64" => format!("{words}{}", self.suffix()),
                    _ => words,
                };
                let _ = match element.get("name").and_then(Value::as_str) {
                    Some(name) => writeln!(text, "\t'{name}'{words}"),
                    None => writeln!(text, "\t{}{}", words.trim_start(), variable(btf, element)),
                };
            }
        }
        text
    }
}

impl Record {
    /// What C puts behind the values of a wide enum.
    fn suffix(&self) -> &'static str {
        match self.fields.get("encoding").and_then(Value::as_str) {
            Some("SIGNED") => "LL",
            _ => "ULL",
        }
    }
}

/// The variable that an element of a data section is.
fn variable(btf: &Btf, element: &Map<String, Value>) -> String {
    let id = element.get("type_id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let found = id.and_then(|id| btf.ty(TypeId(id)).ok());
    found.map_or_else(String::new, |ty| format!(" ({} '{}')", ty.kind(), ty.name()))
}

fn words_of(fields: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "name") {
        let _ = match value {
            Value::String(word) => write!(text, " {name}={word}"),
            number => write!(text, " {name}={number}"),
        };
    }
    text
}

fn id(ty: &Type<'_>) -> u32 {
    ty.target().unwrap_or(TypeId::VOID).0
}

fn linkage(ty: &Type<'_>) -> &'static str {
    match ty.linkage() {
        Some(Linkage::Static) => "static",
        Some(Linkage::Global) => "global",
        Some(Linkage::Extern) => "extern",
        None => "(unknown)",
    }
}

/// The elements of a record, and what JSON calls them.
fn parts(ty: &Type<'_>) -> Result<(&'static str, Value), Error> {
    let mut list = Vec::new();
    let name = match ty.kind() {
        Kind::Struct | Kind::Union => {
            for member in ty.members() {
                let member = member?;
                let name = if member.name.is_empty() { "(anon)" } else { member.name };
                let mut one =
                    json!({ "name": name, "type_id": member.ty.0, "bits_offset": member.offset.0 });
                if let (Some(width), Some(one)) = (member.bitfield, one.as_object_mut()) {
                    one.insert("bitfield_size".to_owned(), json!(width));
                }
                list.push(one);
            }
            "members"
        }
        Kind::Enum | Kind::Enum64 => {
            for value in ty.enumerators() {
                let value = value?;
                let number =
                    if value.signed { json!(value.bits as i64) } else { json!(value.bits) };
                list.push(json!({ "name": value.name, "val": number }));
            }
            "values"
        }
        Kind::FuncProto => {
            for param in ty.params() {
                let param = param?;
                let name = if param.name.is_empty() { "(anon)" } else { param.name };
                list.push(json!({ "name": name, "type_id": param.ty.0 }));
            }
            "params"
        }
        _ => {
            let vars = ty.section_vars();
            list.extend(vars.map(
                |var| json!({ "type_id": var.var.0, "offset": var.offset, "size": var.size }),
            ));
            "vars"
        }
    };
    Ok((name, Value::Array(list)))
}
