//! `osmia obj show`: what is in an object.

use std::path::PathBuf;

use anstyle::Style;
use osmia_btf::{Btf, Endian, TypeId, c};
use osmia_object::{ExternKind, Function, MapRole, MapSpec, ObjectSpec, Pinning, ProgramSpec};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::obj::reference::operand;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;

/// The arguments of `osmia obj show`.
#[derive(clap::Args)]
pub struct Show {
    /// A BPF object, or the C file of one
    file: PathBuf,
    #[command(flatten)]
    compile: CompileOptions,
}

impl Show {
    /// Shows the object.
    ///
    /// # Errors
    /// The file cannot be read or is no BPF object.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        output.show(&ObjectReport::of(&ObjectFile::open(&self.file, &self.compile)?))
    }
}

#[derive(Serialize)]
struct ObjectReport {
    file: String,
    name: String,
    bytes: u64,
    endian: &'static str,
    license: String,
    programs: Vec<ProgramRow>,
    functions: Vec<FunctionRow>,
    maps: Vec<MapRow>,
    variables: Vec<VariableRow>,
    externs: Vec<ExternRow>,
}

#[derive(Serialize)]
struct ProgramRow {
    name: String,
    section: String,
    #[serde(rename = "type")]
    prog_type: Option<String>,
    attach_type: Option<String>,
    target: Option<String>,
    sleepable: bool,
    autoload: bool,
    /// With all functions that it reaches; none if it cannot be linked.
    insns: Option<usize>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct FunctionRow {
    name: String,
    section: String,
    prototype: Option<String>,
    insns: usize,
    core_relocations: usize,
    refers_to: Vec<String>,
}

#[derive(Serialize)]
struct MapRow {
    name: String,
    #[serde(rename = "type")]
    map_type: String,
    key: Option<String>,
    key_size: u32,
    value: Option<String>,
    value_size: u32,
    max_entries: u32,
    flags: u32,
    pinned: bool,
    section: bool,
}

#[derive(Serialize)]
struct VariableRow {
    name: String,
    section: String,
    offset: u32,
    size: u32,
    #[serde(rename = "type")]
    declaration: String,
    constant: bool,
}

#[derive(Serialize)]
struct ExternRow {
    name: String,
    provider: &'static str,
    weak: bool,
    declaration: Option<String>,
}

impl ObjectReport {
    fn of(file: &ObjectFile) -> Self {
        let spec = &file.spec;
        Self {
            file: file.path.display().to_string(),
            name: spec.name.clone(),
            bytes: file.len,
            endian: match spec.endian {
                Endian::Little => "little",
                Endian::Big => "big",
            },
            license: spec.license.clone(),
            programs: spec.programs.values().map(|program| program_row(spec, program)).collect(),
            functions: spec.functions.iter().map(|function| function_row(spec, function)).collect(),
            maps: spec.maps.values().map(|map| map_row(spec, map)).collect(),
            variables: variable_rows(spec),
            externs: extern_rows(spec),
        }
    }
}

fn program_row(spec: &ObjectSpec, program: &ProgramSpec) -> ProgramRow {
    let linked = spec.link(&program.name);
    ProgramRow {
        name: program.name.clone(),
        section: program.section.clone(),
        prog_type: program
            .prog_type
            .map(|ty| ty.name().map_or_else(|| ty.to_string(), str::to_owned)),
        attach_type: program
            .attach_type
            .map(|ty| ty.name().map_or_else(|| ty.to_string(), str::to_owned)),
        target: program.attach_target.clone(),
        sleepable: program.sleepable,
        autoload: program.autoload,
        insns: linked.as_ref().ok().map(|linked| linked.insns.len()),
        problem: linked.err().map(|error| error.to_string()),
    }
}

fn function_row(spec: &ObjectSpec, function: &Function) -> FunctionRow {
    let mut refers_to: Vec<String> = Vec::new();
    for relocation in &function.relocations {
        let name = operand(spec, &relocation.target);
        if !refers_to.contains(&name) {
            refers_to.push(name);
        }
    }
    FunctionRow {
        name: function.name.clone(),
        section: function.section.clone(),
        prototype: declared(spec.btf.as_ref(), function.btf_type, &function.name),
        insns: function.insns.len(),
        core_relocations: function.core.len(),
        refers_to,
    }
}

fn map_row(spec: &ObjectSpec, map: &MapSpec) -> MapRow {
    let btf = spec.btf.as_ref();
    let ty = map.map_type;
    MapRow {
        name: map.name.clone(),
        map_type: ty.name().map_or_else(|| ty.to_string(), str::to_owned),
        key: declared(btf, map.key_type, ""),
        key_size: map.key_size,
        value: declared(btf, map.value_type, "").filter(|_| map.role == MapRole::Declared),
        value_size: map.value_size,
        max_entries: map.max_entries,
        flags: map.flags,
        pinned: map.pinning == Pinning::ByName,
        section: map.role != MapRole::Declared,
    }
}

fn variable_rows(spec: &ObjectSpec) -> Vec<VariableRow> {
    let row = |name: &String| {
        let variable = spec.variable(name).ok()?;
        let place = variable.spec();
        let declaration = declared(spec.btf.as_ref(), place.ty, name);
        Some(VariableRow {
            name: name.clone(),
            section: place.map.clone(),
            offset: place.offset,
            size: place.size,
            declaration: declaration.unwrap_or_else(|| variable.ty().title()),
            constant: variable.is_constant(),
        })
    };
    spec.variables.keys().filter_map(row).collect()
}

fn extern_rows(spec: &ObjectSpec) -> Vec<ExternRow> {
    let row = |found: &osmia_object::ExternSpec| ExternRow {
        name: found.name.clone(),
        provider: match found.kind {
            ExternKind::Kconfig { .. } => "kernel configuration",
            ExternKind::KernelVariable => "kernel variable",
            ExternKind::KernelFunction => "kernel function",
            _ => "another object",
        },
        weak: found.weak,
        declaration: declared(spec.btf.as_ref(), found.ty, &found.name),
    };
    spec.externs.values().map(row).collect()
}

fn declared(btf: Option<&Btf>, ty: Option<TypeId>, name: &str) -> Option<String> {
    c::declare(btf?, ty?, name).ok()
}

impl Report for ObjectReport {
    fn text(&self, page: &Page) -> String {
        let bold = Style::new().bold();
        let license = match self.license.as_str() {
            "" => "no licence".to_owned(),
            license => format!("licence {license}"),
        };
        let mut text = format!(
            "{bold}{}{bold:#}: BPF object for {}-endian machines, {license}, {} bytes\n",
            self.file, self.endian, self.bytes
        );
        text.push_str(&self.programs(page).titled("Programs"));
        text.push_str(&self.functions(page).titled("Functions"));
        text.push_str(&self.maps(page).titled("Maps"));
        text.push_str(&self.variables(page).titled("Variables"));
        text.push_str(&self.externs(page).titled("Externs"));
        for program in &self.programs {
            if let Some(problem) = &program.problem {
                text.extend(["\n", problem, "\n"]);
            }
        }
        text
    }
}

impl ObjectReport {
    fn programs(&self, page: &Page) -> Table {
        let mut table = Table::new(page, &["name", "section", "type", "insns"]).numbers(&[3]);
        for program in &self.programs {
            let insns = program.insns.map_or_else(|| "?".to_owned(), |insns| insns.to_string());
            let ty = program.prog_type.clone().unwrap_or_else(|| "unknown".to_owned());
            table.row([program.name.clone(), program.section.clone(), ty, insns]);
        }
        table
    }

    fn functions(&self, page: &Page) -> Table {
        let heads = ["name", "section", "insns", "co-re", "refers to"];
        let mut table = Table::new(page, &heads).numbers(&[2, 3]);
        for function in &self.functions {
            table.row([
                function.name.clone(),
                function.section.clone(),
                function.insns.to_string(),
                function.core_relocations.to_string(),
                function.refers_to.join(", "),
            ]);
        }
        table
    }

    fn maps(&self, page: &Page) -> Table {
        let heads = ["name", "type", "key", "value", "entries", "flags"];
        let mut table = Table::new(page, &heads).numbers(&[4]);
        for map in &self.maps {
            let part = |ty: &Option<String>, size: u32| match ty {
                Some(ty) => ty.clone(),
                None if size == 0 => String::new(),
                None => format!("{size} bytes"),
            };
            table.row([
                map.name.clone(),
                map.map_type.clone(),
                if map.section { String::new() } else { part(&map.key, map.key_size) },
                part(&map.value, map.value_size),
                map.max_entries.to_string(),
                if map.flags == 0 { String::new() } else { format!("{:#x}", map.flags) },
            ]);
        }
        table
    }

    fn variables(&self, page: &Page) -> Table {
        let mut table = Table::new(page, &["section", "offset", "declaration"]).numbers(&[1]);
        for variable in &self.variables {
            table.row([
                variable.section.clone(),
                variable.offset.to_string(),
                variable.declaration.clone(),
            ]);
        }
        table
    }

    fn externs(&self, page: &Page) -> Table {
        let mut table = Table::new(page, &["name", "from", "declaration"]);
        for found in &self.externs {
            let weak = if found.weak { " (weak)" } else { "" };
            table.row([
                found.name.clone(),
                format!("{}{weak}", found.provider),
                found.declaration.clone().unwrap_or_default(),
            ]);
        }
        table
    }
}
