//! `osmia btf min`: as much of a kernel's types as objects need.

use std::path::{Path, PathBuf};

use clap::Args;
use osmia_btf::core_re::{Minimal, Target};
use serde::Serialize;

use crate::btf::source::BaseOptions;
use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia btf min`.
#[derive(Args)]
#[command(
    after_help = "For kernels that do not tell their types: give the result to the loader there.

Examples:
  osmia btf min execs.bpf.o --of vmlinux-4.19 -o execs-4.19.btf"
)]
pub struct Min {
    /// The BPF objects
    #[arg(required = true)]
    objects: Vec<PathBuf>,
    /// The kernel's types: a file, or an id; the running kernel's if not given
    #[arg(long, value_name = "SOURCE")]
    of: Option<String>,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    bytes: usize,
    types: u32,
}

impl Min {
    /// What bpftool's words ask for: where the types come from, where they go, and the objects.
    pub fn of_files(from: &Path, out: PathBuf, objects: Vec<PathBuf>) -> Self {
        Self { objects, of: Some(from.to_string_lossy().into_owned()), out }
    }

    /// Writes the types.
    ///
    /// # Errors
    /// A file cannot be read or written, or a relocation cannot be understood.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = BaseOptions::default().open(self.of.as_deref())?;
        let name = self.of.as_deref().unwrap_or("vmlinux");
        let mut minimal = Minimal::new(Target::new(name, &kernel), Vec::new());
        for path in &self.objects {
            let spec = ObjectFile::open(path, &CompileOptions::default())?.spec;
            let Some(btf) = &spec.btf else {
                let why = "it has no types (BTF): compile it with -g";
                return Err(Failure::new(why).during(path.display().to_string()));
            };
            let records = spec.functions.iter().flat_map(|function| &function.core);
            let added = minimal.add(btf, records.map(|relocation| relocation.record));
            added.map_err(|error| Failure::because(path.display().to_string(), &error))?;
        }
        let btf = minimal.build()?;
        let bytes = btf.as_bytes();
        std::fs::write(&self.out, bytes)
            .map_err(|error| Failure::because(format!("write {}", self.out.display()), &error))?;
        output.show(&Written {
            file: self.out.clone(),
            bytes: bytes.len(),
            types: btf.type_count()? - 1,
        })
    }
}

impl Report for Written {
    fn text(&self, _: &Page) -> String {
        format!("{}: {} types, {} bytes\n", self.file.display(), self.types, self.bytes)
    }
}
