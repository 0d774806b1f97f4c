//! `osmia gen vmlinux`: a kernel's types as C.

use std::path::{Path, PathBuf};

use clap::Args;
use osmia_btf::{Btf, TypeId, c};
use osmia_build::Builder;
use serde::Serialize;

use crate::btf::source::{BaseOptions, find};
use crate::compile::refused;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia gen vmlinux`.
#[derive(Args)]
#[command(
    after_help = "SOURCE is a file (BTF, or ELF with a .BTF section), the id of a BTF in the kernel, or the name \
of a module; the running kernel if not given.

Examples:
  osmia gen vmlinux > vmlinux.h                       all types of the running kernel
  osmia gen vmlinux --type 'struct task_struct'       one struct, and what it contains
  osmia gen vmlinux --for src/bpf/events.bpf.c -o src/bpf/vmlinux.h"
)]
pub struct VmlinuxOptions {
    /// Where the types come from
    source: Option<String>,
    /// Only this type and what it contains; may be given several times
    #[arg(long = "type", short, value_name = "TYPE")]
    types: Vec<String>,
    /// Only what this C file uses, which includes vmlinux.h
    #[arg(long = "for", value_name = "FILE.bpf.c", conflicts_with = "types")]
    c_file: Option<PathBuf>,
    /// The file to write; the standard output if not given
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    base: BaseOptions,
    /// A folder with headers of the C file
    #[arg(long, short = 'I', value_name = "FOLDER", requires = "c_file")]
    include: Vec<PathBuf>,
    /// A macro for the C file
    #[arg(long, short = 'D', value_name = "NAME[=VALUE]", requires = "c_file")]
    define: Vec<String>,
    /// The compiler that reads it; else $OSMIA_CLANG, clang, or the newest clang-NN
    #[arg(long, value_name = "CLANG", requires = "c_file")]
    clang: Option<PathBuf>,
}

impl VmlinuxOptions {
    /// Prints or writes the header.
    ///
    /// # Errors
    /// The types cannot be read, one that is asked for is not there, the C file cannot be read,
    /// or the header cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let btf = self.base.open(self.source.as_deref())?;
        let header = match &self.c_file {
            Some(file) => self.used_by(file, &btf)?,
            None => self.header(&btf)?,
        };
        let Some(out) = &self.out else { return Output::raw(header.as_bytes()) };
        std::fs::write(out, &header)
            .map_err(|error| Failure::because(format!("write {}", out.display()), &error))?;
        output.show(&Written { file: out.clone(), lines: header.lines().count() })
    }

    fn header(&self, btf: &Btf) -> Result<String, Failure> {
        let mut printer = c::Printer::new(btf);
        if !self.types.is_empty() {
            let roots = self.types.iter().map(|written| Ok(find(btf, written)?.id()));
            printer = printer.roots(roots.collect::<Result<Vec<TypeId>, Failure>>()?);
        } else if btf.base().is_some() {
            printer = printer.roots((btf.first_own_id().0..btf.type_count()?).map(TypeId));
        }
        let mut text = String::new();
        printer.write(&mut text)?;
        Ok(text)
    }

    fn used_by(&self, file: &Path, btf: &Btf) -> Result<String, Failure> {
        let mut builder = self.include.iter().fold(Builder::new(file), Builder::include);
        builder = self.define.iter().fold(builder, Builder::define);
        if let Some(clang) = &self.clang {
            builder = builder.clang(clang);
        }
        builder.vmlinux_header(btf).map_err(|error| refused(file, &error))
    }
}

/// The header that was written.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    lines: usize,
}

impl Report for Written {
    fn text(&self, _page: &Page) -> String {
        format!("{}: {} lines\n", self.file.display(), self.lines)
    }
}
