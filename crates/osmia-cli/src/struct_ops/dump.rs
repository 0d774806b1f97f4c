//! `osmia struct_ops dump`: what is in tables.

use std::collections::HashMap;

use osmia::Kernel;
use osmia_btf::{Btf, Kind, Type, TypeId, c};
use osmia_sys::{Bpf, ProgFd};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::put::put;
use crate::report::{Page, Report};
use crate::select::maps::OpenMap;
use crate::select::names::Names;
use crate::select::progs::Prog;
use crate::selector::refused;
use crate::struct_ops::type_of;
use crate::value::Value;

/// Structs of the kernel nest less deeply.
const DEPTH: u32 = 32;

/// Tables as bpftool has them in its JSON: what the kernel tells of each map, and then its value.
#[derive(Serialize)]
#[serde(transparent)]
struct Dump {
    objects: Vec<Json>,
    #[serde(skip)]
    text: String,
}

/// Prints what is in tables.
///
/// # Errors
/// The kernel does not tell.
pub fn run(bpf: &Bpf, tables: &[OpenMap], output: &mut Output) -> Result<(), Failure> {
    let kernel = Kernel::running()?;
    let mut dump = Dump { objects: Vec::new(), text: String::new() };
    if tables.is_empty() {
        return output.show(&dump);
    }
    let mut programs = Programs { bpf, known: HashMap::new(), names: Names::default() };
    for map in tables {
        let btf = kernel.btf()?;
        let (ty, of) = type_of(btf, map);
        let mut bytes = vec![0; map.info.value_size as usize];
        bpf.map_lookup(&map.fd, &0u32.to_ne_bytes(), &mut bytes, 0)
            .map_err(|errno| refused(format!("read struct_ops map {}", map.info.id), errno))?;
        let value = serde_json::to_value(Value::new(Some(btf), Some(ty), bytes))?;
        let mut members = Members { btf, programs: &mut programs, rows: Vec::new(), unset: 0 };
        let value = members.value(ty, "", value, DEPTH)?;
        dump.text.push_str(&members.text(map, &of));
        dump.objects.push(json!({ "bpf_map_info": info(map) }));
        let name = btf.ty(ty)?.name().to_owned();
        dump.objects.push(Json::Object(Map::from_iter([(name, value)])));
    }
    output.show(&dump)
}

/// What the kernel tells of the map, by the names of its own struct.
fn info(map: &OpenMap) -> Json {
    let info = &map.info;
    json!({
        "type": info.type_.0,
        "id": info.id,
        "key_size": info.key_size,
        "value_size": info.value_size,
        "max_entries": info.max_entries,
        "map_flags": info.map_flags,
        "name": map.name(),
        "ifindex": info.ifindex,
        "btf_vmlinux_value_type_id": info.btf_vmlinux_value_type_id,
        "netns_dev": info.netns_dev,
        "netns_ino": info.netns_ino,
        "btf_id": info.btf_id,
        "btf_key_type_id": info.btf_key_type_id,
        "btf_value_type_id": info.btf_value_type_id,
        "btf_vmlinux_id": info.btf_vmlinux_id,
        "map_extra": info.map_extra,
        "hash": info.hash,
        "hash_size": info.hash_size,
    })
}

/// The names of the programs in tables.
struct Programs<'a> {
    bpf: &'a Bpf,
    known: HashMap<u32, Option<String>>,
    names: Names,
}

impl Programs<'_> {
    fn name(&mut self, id: u32) -> Option<&str> {
        let Self { bpf, known, names } = self;
        let look = |fd: ProgFd| Some(names.of(bpf, &Prog::ask(bpf, fd).ok()?));
        let name = known.entry(id).or_insert_with(|| bpf.prog_by_id(id).ok().and_then(look));
        name.as_deref()
    }
}

/// A table's members on the way from bytes to names.
struct Members<'a, 'p> {
    btf: &'a Btf,
    programs: &'a mut Programs<'p>,
    /// Those that are set, for people.
    rows: Vec<(String, String)>,
    unset: usize,
}

impl Members<'_, '_> {
    /// A value with functions and addresses as bpftool writes them.
    fn value(&mut self, id: TypeId, path: &str, value: Json, depth: u32) -> Result<Json, Failure> {
        let ty = self.btf.resolve(id)?;
        match (ty.kind(), value, depth.checked_sub(1)) {
            (Kind::Ptr, Json::String(address), _) => self.pointer(&ty, path, &address),
            (Kind::Struct, Json::Object(mut members), Some(depth)) => {
                for member in ty.members() {
                    let member = member?;
                    if let Some(value) = members.get_mut(member.name) {
                        let inner = join(path, member.name);
                        *value = self.value(member.ty, &inner, value.take(), depth)?;
                    }
                }
                Ok(Json::Object(members))
            }
            (_, value, _) => {
                self.note(path, value != json!(0), || match &value {
                    Json::String(text) if ty.is_enum() => text.clone(),
                    value => value.to_string(),
                });
                Ok(value)
            }
        }
    }

    /// A function by its declaration and the program that is called, another address as a number.
    fn pointer(&mut self, ty: &Type<'_>, path: &str, address: &str) -> Result<Json, Failure> {
        let address = address.strip_prefix("0x").unwrap_or(address);
        let address = u64::from_str_radix(address, 16).unwrap_or_default();
        let target = self.btf.resolve(ty.target().unwrap_or_default())?;
        if target.kind() != Kind::FuncProto {
            self.note(path, address != 0, || format!("{address:#x}"));
            return Ok(json!(address));
        }
        let id = u32::try_from(address).unwrap_or_default();
        let name = if id == 0 { None } else { self.programs.name(id).map(str::to_owned) };
        let name = name.unwrap_or_default();
        self.note(path, id != 0, || format!("{name} (program {id})"));
        let called = if id == 0 { "0".to_owned() } else { format!("{name}/prog_id:{id}") };
        Ok(json!(format!("{} {called}", self.prototype(&target)?)))
    }

    /// `u32 (struct sock *)`
    fn prototype(&self, ty: &Type<'_>) -> Result<String, Failure> {
        let returned = c::title(self.btf, ty.target().unwrap_or_default(), "")?;
        let params = ty.params().map(|param| {
            let param = param?;
            Ok(c::title(self.btf, param.ty, param.name)?)
        });
        let params = params.collect::<Result<Vec<_>, Failure>>()?;
        Ok(format!("{} ({})", returned.trim_end(), params.join(", ")))
    }

    fn note(&mut self, path: &str, is_set: bool, text: impl FnOnce() -> String) {
        if is_set {
            self.rows.push((path.to_owned(), text()));
        } else {
            self.unset += 1;
        }
    }

    fn text(&self, map: &OpenMap, of: &str) -> String {
        let (bold, faint) = (anstyle::Style::new().bold(), anstyle::Style::new().dimmed());
        let mut text = String::new();
        put!(text, "{}: {bold}{}{bold:#} of {of}\n", map.info.id, map.name());
        let width = self.rows.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        for (path, value) in &self.rows {
            put!(text, "  {path:width$}  {value}\n");
        }
        put!(text, "  {faint}and {} that are 0{faint:#}\n", self.unset);
        text
    }
}

/// `data.name`, where the kernel's own `data` and `common` go without saying.
fn join(path: &str, name: &str) -> String {
    match path {
        "" | "data" | "common" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

impl Report for Dump {
    fn text(&self, _: &Page) -> String {
        if self.objects.is_empty() {
            return "no tables of callbacks\n".to_owned();
        }
        self.text.clone()
    }
}
