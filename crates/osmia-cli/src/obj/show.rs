//! `osmia obj show`: what is in an object.

mod externs;
mod functions;
mod maps;
mod programs;
pub mod variables;

use std::path::PathBuf;

use anstyle::Style;
use osmia_btf::{Btf, Endian, TypeId, c};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::obj::show::externs::ExternRow;
use crate::obj::show::functions::FunctionRow;
use crate::obj::show::maps::MapRow;
use crate::obj::show::programs::ProgramRow;
use crate::obj::show::variables::VariableRow;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia obj show`.
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
        let file = ObjectFile::open(&self.file, &self.compile)?;
        output.show(&ObjectReport::of(&file))
    }
}

#[derive(Serialize)]
struct ObjectReport<'a> {
    file: String,
    name: &'a str,
    bytes: u64,
    endian: &'static str,
    license: &'a str,
    programs: Vec<ProgramRow<'a>>,
    functions: Vec<FunctionRow<'a>>,
    maps: Vec<MapRow<'a>>,
    variables: Vec<VariableRow<'a>>,
    externs: Vec<ExternRow<'a>>,
}

impl<'a> ObjectReport<'a> {
    fn of(file: &'a ObjectFile) -> Self {
        let spec = &file.spec;
        Self {
            file: file.path.display().to_string(),
            name: &spec.name,
            bytes: file.len,
            endian: match spec.endian {
                Endian::Little => "little",
                Endian::Big => "big",
            },
            license: &spec.license,
            programs: programs::rows(spec),
            functions: functions::rows(spec),
            maps: maps::rows(spec),
            variables: variables::rows(spec),
            externs: externs::rows(spec),
        }
    }
}

/// How C declares something of this type; none if the object does not tell.
fn declared(btf: Option<&Btf>, ty: Option<TypeId>, name: &str) -> Option<String> {
    c::title(btf?, ty?, name).ok()
}

impl Report for ObjectReport<'_> {
    fn text(&self, page: &Page) -> String {
        let bold = Style::new().bold();
        let license = match self.license {
            "" => "no licence".to_owned(),
            license => format!("licence {license}"),
        };
        let head = format!(
            "{bold}{}{bold:#}: BPF object for {}-endian machines, {license}, {} bytes\n",
            self.file, self.endian, self.bytes
        );
        [
            head,
            programs::table(&self.programs, page),
            functions::table(&self.functions, page),
            maps::table(&self.maps, page),
            variables::table(&self.variables, page),
            externs::table(&self.externs, page),
            programs::problems(&self.programs),
            maps::problems(&self.maps),
        ]
        .concat()
    }
}
