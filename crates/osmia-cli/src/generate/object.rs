//! `osmia gen object`: several objects become one, as bpftool has it.

use std::path::PathBuf;

use clap::Args;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::obj::link::{ABOUT, link_files};
use crate::output::Output;

// The arguments of `osmia gen object`.
#[derive(Args)]
#[command(
    after_help = format!("{ABOUT}

Example:
  osmia gen object both.bpf.o parse.bpf.o count.bpf.o")
)]
pub struct ObjectOptions {
    /// The object to write
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// The objects to link, or their C files; of weak definitions the first counts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    compile: CompileOptions,
}

impl ObjectOptions {
    /// Links the files.
    ///
    /// # Errors
    /// They do not fit together, or one cannot be read or written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        link_files(&self.files, &self.out, &self.compile, output)
    }
}
