//! `osmia struct_ops`: tables of callbacks for the kernel.

mod dump;
mod register;

use clap::{Args, Subcommand};
use osmia::Kernel;
use osmia_abi::MapType;
use osmia_btf::near::nearest;
use osmia_btf::{Btf, TypeId};
use osmia_sys::Bpf;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::report::{Page, Report};
use crate::select::maps::{self, OpenMap};
use crate::selector::{Selector, refused};
use crate::struct_ops::register::Register;
use crate::table::Table;
use crate::token;

// `osmia struct_ops`.
#[derive(Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
pub struct StructOps {
    #[command(subcommand)]
    verb: Option<StructOpsVerb>,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum StructOpsVerb {
    /// List the tables
    #[command(visible_alias = "list", aliases = ["s", "l"])]
    Show(Which),
    /// Print what is in tables
    Dump(Which),
    /// Register all tables of an object, to stay
    Register(Register),
    /// Take a table away from the kernel
    Unregister(Which),
}

#[derive(Args)]
struct Which {
    /// Which tables: id N, name NAME, pinned PATH; all if not given
    #[arg(value_name = "MAP")]
    which: Vec<String>,
}

impl StructOps {
    /// Does it; without a verb, lists the tables.
    ///
    /// # Errors
    /// The table is not there, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let bpf = token::bpf()?;
        match &self.verb {
            None => show(&bpf, &Which { which: Vec::new() }, output),
            Some(StructOpsVerb::Show(which)) => show(&bpf, which, output),
            Some(StructOpsVerb::Dump(which)) => dump::run(&bpf, &which.find(&bpf)?, output),
            Some(StructOpsVerb::Register(register)) => register.run(output),
            Some(StructOpsVerb::Unregister(which)) => unregister(&bpf, which),
        }
    }
}

impl Which {
    fn is_id(&self) -> bool {
        matches!(Selector::optional(&self.which), Ok(Some(Selector::Id(_))))
    }

    fn find(&self, bpf: &Bpf) -> Result<Vec<OpenMap>, Failure> {
        let selector = Selector::optional(&self.which)?;
        let mut tables = maps::all(bpf)?;
        tables.retain(|map| map.info.type_ == MapType::STRUCT_OPS);
        let Some(selector) = selector else { return Ok(tables) };
        let known: Vec<String> = tables.iter().map(OpenMap::name).collect();
        match &selector {
            Selector::Id(id) => tables.retain(|map| map.info.id == *id),
            Selector::Name(name) => tables.retain(|map| map.name() == *name),
            Selector::Pinned(_) => tables = maps::several(bpf, &selector)?,
            Selector::Tag(_) => return Err(Failure::usage("tables have no tags: use id or name")),
        }
        tables.retain(|map| map.info.type_ == MapType::STRUCT_OPS);
        if !tables.is_empty() {
            return Ok(tables);
        }
        let none = Failure::not_found(format!(
            "there is no table of callbacks with {selector}; `osmia struct_ops list` shows those that there are"
        ));
        let near = match &selector {
            Selector::Name(name) => nearest(name, known.iter().map(String::as_str)),
            _ => None,
        };
        Err(near
            .into_iter()
            .fold(none, |none, near| none.with_hint(&format!("did you mean {near}?"))))
    }
}

/// The struct that the kernel keeps for a table, and the name of what the table is of.
fn type_of(btf: &Btf, map: &OpenMap) -> (TypeId, String) {
    let id = TypeId(map.info.btf_vmlinux_value_type_id);
    let name = btf.ty(id).map_or("", |ty| ty.name());
    (id, name.trim_start_matches("bpf_struct_ops_").to_owned())
}

fn show(bpf: &Bpf, which: &Which, output: &mut Output) -> Result<(), Failure> {
    let found = which.find(bpf)?;
    let kernel = Kernel::running()?;
    let mut rows = Vec::new();
    for map in &found {
        let (_, kernel_struct_ops) = type_of(kernel.btf()?, map);
        rows.push(Row { id: map.info.id, name: map.name(), kernel_struct_ops });
    }
    match rows.pop() {
        // One is an object in JSON, as bpftool's.
        Some(row) if output.form() != Form::Text && which.is_id() && rows.is_empty() => {
            output.json(&row)
        }
        last => {
            rows.extend(last);
            output.show(&List(rows))
        }
    }
}

fn unregister(bpf: &Bpf, which: &Which) -> Result<(), Failure> {
    if which.which.is_empty() {
        return Err(Failure::usage(
            "which table? `osmia struct_ops list` shows those that there are",
        ));
    }
    for map in which.find(bpf)? {
        bpf.map_delete(&map.fd, &0u32.to_ne_bytes()).map_err(|errno| {
            refused(format!("take struct_ops map {} away from the kernel", map.info.id), errno)
        })?;
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(transparent)]
struct List(Vec<Row>);

/// A table, under the names that bpftool has in its JSON.
#[derive(Serialize)]
struct Row {
    id: u32,
    name: String,
    kernel_struct_ops: String,
}

impl Report for List {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no tables of callbacks\n".to_owned();
        }
        let mut table = Table::new(page, &["id", "name", "of"]).numbers(&[0]);
        for row in &self.0 {
            table.row([row.id.to_string(), row.name.clone(), row.kernel_struct_ops.clone()]);
        }
        table.plain()
    }
}
