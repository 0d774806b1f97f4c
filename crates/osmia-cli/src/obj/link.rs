//! `osmia obj link`: several objects become one.

use std::path::{Path, PathBuf};

use clap::Args;
use osmia_link::link;
use osmia_object::{ExternKind, MapRole, ObjectSpec};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::object_file::{is_c, object_bytes, object_name};
use crate::output::Output;
use crate::report::{Page, Report};

/// What linking does, for the help of all verbs that do it.
pub const ABOUT: &str = "\
Functions, variables and maps that one file declares (extern) and another defines are brought
together. A __weak definition yields to another one; two that are not __weak are an error, and so
is a declaration that does not fit its definition. What is static stays apart. Types are merged,
debug information (DWARF) is left out. What no file defines stays declared, for the kernel or
a later link. C files are compiled first.";

// The arguments of `osmia obj link`.
#[derive(Args)]
#[command(
    after_help = format!("{ABOUT}

Examples:
  osmia obj link parse.bpf.o count.bpf.o -o both.bpf.o
  osmia obj link closes.bpf.o -o small.bpf.o             without debug information
  osmia link parse.bpf.o count.bpf.o -o both.bpf.o       the same, shorter
  osmia gen object both.bpf.o parse.bpf.o count.bpf.o    the same, as bpftool has it")
)]
pub struct ObjLink {
    /// The objects, or their C files; of weak definitions the first counts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The object to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    compile: CompileOptions,
}

impl ObjLink {
    /// Links the files.
    ///
    /// # Errors
    /// One cannot be read or is no BPF object, they do not fit together, or the result cannot be
    /// written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        link_files(&self.files, &self.out, &self.compile, output)
    }
}

/// Links objects and writes what comes of it.
///
/// # Errors
/// As for [`ObjLink::run`].
pub fn link_files(
    files: &[PathBuf],
    out: &Path,
    compile: &CompileOptions,
    output: &mut Output,
) -> Result<(), Failure> {
    let shown = out.display();
    if is_c(out) {
        let problem = "it has the name of a C file, and would be overwritten by an object";
        return Err(Failure::usage(format!("{shown}: {problem}")));
    }
    let is_input = |file: &PathBuf| match (file.canonicalize(), out.canonicalize()) {
        (Ok(file), Ok(out)) => file == out,
        _ => false,
    };
    if files.iter().any(is_input) {
        let problem = "it is one of the files to link, and would be overwritten";
        return Err(Failure::usage(format!("{shown}: {problem}")));
    }
    let object = |file: &PathBuf| {
        let bytes = object_bytes(file, compile)?;
        Ok(osmia_link::ObjectFile::new(file.display().to_string(), bytes))
    };
    let objects = files.iter().map(object).collect::<Result<Vec<_>, Failure>>()?;
    let attempt = || format!("link {shown}");
    let linked = link(&objects).map_err(|error| Failure::because(attempt(), &error))?;
    let spec = ObjectSpec::parse(&object_name(out), linked.clone().into())
        .map_err(|error| Failure::because(attempt(), &error))?;
    std::fs::write(out, &linked)
        .map_err(|error| Failure::because(format!("write {shown}"), &error))?;
    output.show(&Linked::of(out, files, linked.len(), &spec))
}

/// What was linked.
#[derive(Serialize)]
struct Linked<'a> {
    object: &'a Path,
    bytes: usize,
    inputs: &'a [PathBuf],
    programs: Vec<&'a str>,
    maps: Vec<&'a str>,
    /// What neither the files define nor the kernel provides.
    undefined: Vec<&'a str>,
}

impl<'a> Linked<'a> {
    fn of(object: &'a Path, inputs: &'a [PathBuf], bytes: usize, spec: &'a ObjectSpec) -> Self {
        let maps = spec.maps.values().filter(|map| map.role == MapRole::Declared);
        let undefined = spec.externs.values().filter(|one| one.kind == ExternKind::Object);
        Self {
            object,
            bytes,
            inputs,
            programs: spec.programs.keys().map(String::as_str).collect(),
            maps: maps.map(|map| map.name.as_str()).collect(),
            undefined: undefined.map(|one| one.name.as_str()).collect(),
        }
    }
}

impl Report for Linked<'_> {
    fn text(&self, _: &Page) -> String {
        let files = match self.inputs.len() {
            1 => "1 object".to_owned(),
            count => format!("{count} objects"),
        };
        let head = format!("{}: {} bytes of {files}\n", self.object.display(), self.bytes);
        let named = [
            ("programs", &self.programs),
            ("maps", &self.maps),
            ("defined by none of them", &self.undefined),
        ];
        let named = named.into_iter().filter(|(_, names)| !names.is_empty());
        let lines = named.map(|(what, names)| format!("  {what}: {}\n", names.join(", ")));
        std::iter::once(head).chain(lines).collect()
    }
}
