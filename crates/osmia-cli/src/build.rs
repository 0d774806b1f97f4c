//! `osmia build`: objects from C.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::compile::{CompileOptions, MachineOptions, show_warnings};
use crate::failure::Failure;
use crate::object_file::object_name;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia build`.
#[derive(Args)]
#[command(
    after_help = "The compiler is given the flags that BPF needs. vmlinux.h is made of the running kernel's types if \
the C includes it and none is found. What only debuggers read is left out of the object; types \
(BTF) and the lines of C stay.

Examples:
  osmia build closes.bpf.c
  osmia build closes.bpf.c -o out/closes.bpf.o -I include --cpu v4
  osmia build closes.bpf.c --arch s390x"
)]
pub struct Build {
    /// The BPF C file
    source: PathBuf,
    /// The object to write; NAME.bpf.o beside the C file if not given
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineOptions,
    #[command(flatten)]
    compile: CompileOptions,
}

#[derive(Serialize)]
struct Built {
    object: PathBuf,
    bytes: usize,
    /// The C file and every header that it includes.
    inputs: Vec<PathBuf>,
}

impl Build {
    /// Compiles the file.
    ///
    /// # Errors
    /// There is no clang, it refuses the C, or the object cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let compiled = self.compile.object(&self.source, &self.machine)?;
        show_warnings(&compiled.warnings);
        let beside = || self.source.with_file_name(format!("{}.bpf.o", object_name(&self.source)));
        let object = self.out.clone().unwrap_or_else(beside);
        std::fs::write(&object, &compiled.object)
            .map_err(|error| Failure::because(format!("write {}", object.display()), &error))?;
        output.show(&Built { object, bytes: compiled.object.len(), inputs: compiled.inputs })
    }
}

impl Report for Built {
    fn text(&self, _: &Page) -> String {
        format!("{}: {} bytes\n", self.object.display(), self.bytes)
    }
}
