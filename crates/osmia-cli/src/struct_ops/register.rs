//! `osmia struct_ops register`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::{Kernel, Link, Object, StructOps};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::pins::prepare_folder;
use crate::report::{Page, Report};

// The arguments of `osmia struct_ops register`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia struct_ops register shy.bpf.o                  a table that stays until it is unregistered
  osmia struct_ops register shy.bpf.o /sys/fs/bpf      tables with links, kept by pins")]
pub struct Register {
    /// The object, or the C file
    file: PathBuf,
    /// The folder to pin the links of `.struct_ops.link` tables in
    #[arg(value_name = "LINK_FOLDER")]
    folder: Option<PathBuf>,
    /// Set a global variable before loading; structs and arrays as JSON
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::run::pair)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    compile: CompileOptions,
}

impl Register {
    /// Does it: all tables, or none.
    ///
    /// # Errors
    /// There is no table, the kernel refuses one, or a link cannot be pinned.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut spec = ObjectFile::open(&self.file, &self.compile)?.spec;
        crate::run::set_variables(&mut spec, &self.set)?;
        let object = Object::load(&spec, &Kernel::running()?)?;
        let tables: Vec<&StructOps> = object.all_struct_ops().collect();
        if tables.is_empty() {
            return Err(Failure::not_found(format!(
                "object {} has no table of callbacks (`SEC(\".struct_ops\")`) that is loaded",
                spec.name
            )));
        }
        let mut kept = Kept::default();
        for table in tables {
            kept.register(table, self.folder.as_deref())?;
        }
        output.show(&kept.stay())
    }
}

/// Tables that are registered, and taken back if they are dropped.
#[derive(Default)]
struct Kept {
    rows: Vec<Row>,
    settings: Vec<Link>,
    pins: Vec<PathBuf>,
}

impl Kept {
    fn register(&mut self, table: &StructOps, folder: Option<&Path>) -> Result<(), Failure> {
        let id = table.map().info()?.id;
        let mut row = Row {
            id,
            name: table.name().to_owned(),
            kernel_struct_ops: table.struct_name().to_owned(),
            pinned: None,
        };
        if table.is_by_link() {
            let Some(folder) = folder else {
                return Err(Failure::usage(format!(
                    "table {} is registered for as long as its link lives: name a folder in a bpf \
                     file system, behind the object, where the link shall be pinned",
                    table.name()
                )));
            };
            prepare_folder(folder)?;
            let path = folder.join(table.name());
            table.attach()?.pin(&path)?;
            self.pins.push(path.clone());
            row.pinned = Some(path);
        } else {
            self.settings.push(table.attach()?);
        }
        self.rows.push(row);
        Ok(())
    }

    /// Leaves them to the kernel.
    fn stay(mut self) -> Registered {
        self.pins.clear();
        // Such a link is a setting, which its owner undoes; nothing else is in it.
        self.settings.drain(..).for_each(std::mem::forget);
        Registered(std::mem::take(&mut self.rows))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for pin in &self.pins {
            // What failed before is told; that a pin stays is seen by whoever looks at it.
            let _ = std::fs::remove_file(pin);
        }
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Registered(Vec<Row>);

#[derive(Serialize)]
struct Row {
    id: u32,
    name: String,
    kernel_struct_ops: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<PathBuf>,
}

impl Report for Registered {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        for Row { id, name, kernel_struct_ops, pinned } in &self.0 {
            let at = pinned.as_ref().map(|path| format!(", link pinned at {}", path.display()));
            let at = at.unwrap_or_default();
            let _ = writeln!(text, "{id}: {name} registered as {kernel_struct_ops}{at}");
        }
        text
    }
}
