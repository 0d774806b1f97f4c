//! `osmia obj dump`: an object's instructions.

use std::fmt::Write as _;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use osmia_object::{FunctionId, ObjectSpec};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::near::no_such;
use crate::obj::code::{Code, FunctionListing, InsnListing, SourceLine};
use crate::obj::show::variables::{self, VariableRow};
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia obj dump`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  osmia obj dump closes.bpf.o -S             all functions, with their C
  osmia obj dump closes.bpf.o closes         one function
  osmia obj dump closes.bpf.o .text          what stands in a section of code
  osmia obj dump closes.bpf.o .rodata        the variables of a section of data
  osmia obj dump closes.bpf.o closes -l      a program with all that it calls, numbered
                                             as in the verifier's log")]
pub struct Dump {
    /// A BPF object, or the C file of one
    file: PathBuf,
    #[command(flatten)]
    compile: CompileOptions,
    /// Only these: functions, programs or sections
    names: Vec<String>,
    /// Show the lines of C between the instructions
    #[arg(long, short = 'S')]
    source: bool,
    /// List programs linked with all the functions that they reach
    #[arg(long, short = 'l')]
    linked: bool,
    /// Show the bytes of the instructions
    #[arg(long, short = 'x')]
    opcodes: bool,
}

impl Dump {
    /// Lists the instructions.
    ///
    /// # Errors
    /// The file cannot be read, or does not have what is wanted.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let file = ObjectFile::open(&self.file, &self.compile)?;
        let mut variables = variables::rows(&file.spec);
        variables.retain(|variable| self.names.iter().any(|name| name == variable.section()));
        let listings = if self.linked {
            self.programs(&file.spec)
        } else {
            self.functions(&file.spec, &variables)
        };
        let functions =
            listings.map_err(|failure| failure.during(self.file.display().to_string()))?;
        let (source, opcodes) = (self.source, self.opcodes);
        output.show(&DumpReport { functions, variables, source, opcodes })
    }

    fn programs(&self, spec: &ObjectSpec) -> Result<Vec<FunctionListing>, Failure> {
        let names: Vec<&String> = if self.names.is_empty() {
            spec.programs.keys().collect()
        } else {
            self.names.iter().collect()
        };
        let mut listings = Vec::new();
        for name in names {
            listings.extend(Code::of_program(spec, spec.link(name)?).listings());
        }
        Ok(listings)
    }

    fn functions(
        &self,
        spec: &ObjectSpec,
        variables: &[VariableRow<'_>],
    ) -> Result<Vec<FunctionListing>, Failure> {
        for name in &self.names {
            let is_code =
                spec.functions.iter().any(|found| found.name == *name || found.section == *name);
            if !is_code && !variables.iter().any(|variable| variable.section() == name) {
                let names = spec.functions.iter().map(|function| function.name.as_str());
                let code = spec.functions.iter().map(|function| function.section.as_str());
                let data = spec.maps.values().filter(|map| map.role.is_data_section());
                let names = names.chain(code).chain(data.map(|map| map.name.as_str()));
                return Err(Failure::not_found(no_such("function or section", name, names)));
            }
        }
        let numbered = (0..).map(FunctionId).zip(&spec.functions);
        let wanted = numbered.filter(|(_, function)| {
            let named = |name: &String| *name == function.name || *name == function.section;
            self.names.is_empty() || self.names.iter().any(named)
        });
        Ok(wanted
            .flat_map(|(id, function)| Code::of_function(spec, id, function).listings())
            .collect())
    }
}

#[derive(Serialize)]
struct DumpReport<'a> {
    functions: Vec<FunctionListing>,
    /// Those of the sections of data that are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<VariableRow<'a>>,
    #[serde(skip)]
    source: bool,
    #[serde(skip)]
    opcodes: bool,
}

const HEAD: Style = Style::new().bold();
const LABEL: Style = AnsiColor::Yellow.on_default();
const SOURCE: Style = AnsiColor::Cyan.on_default();
const FAINT: Style = Style::new().dimmed();

impl Report for DumpReport<'_> {
    fn text(&self, page: &Page) -> String {
        let mut text = String::new();
        let mut section = None;
        for function in &self.functions {
            if section.replace(&function.section) != Some(&function.section) {
                let _ = write!(text, "{FAINT}section {}{FAINT:#}\n\n", function.section);
            }
            let title = function.prototype.as_ref().unwrap_or(&function.name);
            let _ = writeln!(text, "{HEAD}{title}{HEAD:#}:");
            let mut shown = None;
            for insn in &function.insns {
                self.head(insn, &mut shown, &mut text);
                self.insn(insn, &mut text);
            }
            text.push('\n');
        }
        text.push_str(variables::table(&self.variables, page).trim_start_matches('\n'));
        text
    }
}

impl DumpReport<'_> {
    /// What stands in front of an instruction: its label, and its line of C unless that
    /// is shown already.
    fn head<'a>(
        &self,
        insn: &'a InsnListing,
        shown: &mut Option<(&'a str, u32)>,
        text: &mut String,
    ) {
        if let Some(label) = &insn.label {
            let _ = writeln!(text, "{LABEL}{label}{LABEL:#}:");
        }
        // Instructions that stand for no line of C have line 0.
        let wanted = |source: &&SourceLine| self.source && source.line != 0;
        let Some(SourceLine { file, line, text: c, .. }) = insn.source.as_ref().filter(wanted)
        else {
            return;
        };
        if shown.replace((file, *line)) != Some((file, *line)) {
            let (c, file) = (c.trim(), file.rsplit('/').next().unwrap_or(file));
            let _ = writeln!(text, "{SOURCE}; {c}{SOURCE:#} {FAINT}@ {file}:{line}{FAINT:#}");
        }
    }

    fn insn(&self, insn: &InsnListing, text: &mut String) {
        let _ = write!(text, "{:>5}: ", insn.at);
        if self.opcodes {
            let _ = write!(text, "{FAINT}{:<47}{FAINT:#} ", insn.bytes);
        }
        text.push_str(&insn.text);
        if let Some(jump) = &insn.jump {
            let _ = write!(text, " {LABEL}<{jump}>{LABEL:#}");
        }
        if let Some(core) = &insn.core {
            let _ = write!(text, "  {FAINT}; CO-RE: {core}{FAINT:#}");
        }
        text.push('\n');
    }
}
