//! `osmia gen`: files made from C files and from kernels.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use osmia_build::{Builder, Cpu, Generated, Vmlinux};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};

/// What to make.
#[derive(Subcommand)]
pub enum Generate {
    /// A typed Rust module, and its object, from a BPF C file
    Rust(RustOptions),
    /// vmlinux.h: a kernel's types as C
    Vmlinux(VmlinuxOptions),
}

/// The arguments of `osmia gen rust`.
#[derive(Args)]
#[command(
    after_help = "It is the module that osmia_build::compile makes in a build script; checked in, it spares the
users of a crate clang. Declare it with `mod NAME;`.

Examples:
  osmia gen rust src/bpf/events.bpf.c -o src/bpf --type 'struct event'
  osmia gen rust src/bpf/events.bpf.c -o src/bpf --check"
)]
pub struct RustOptions {
    /// The BPF C file
    source: PathBuf,
    /// The folder to write NAME.rs and NAME.o into
    #[arg(long, short, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// The module's name; the file's up to its first dot if not given
    #[arg(long)]
    name: Option<String>,
    /// A type to generate although no map and no variable has it: 'struct event'
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// The type of a ring buffer's events; the map may be left out if there is one only
    #[arg(long = "event", value_name = "[MAP=]TYPE")]
    events: Vec<String>,
    /// A folder with headers
    #[arg(long, short = 'I', value_name = "FOLDER")]
    include: Vec<PathBuf>,
    /// A macro to define
    #[arg(long, short = 'D', value_name = "NAME[=VALUE]")]
    define: Vec<String>,
    /// A file with the types for vmlinux.h, instead of the running kernel's
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    /// The compiler
    #[arg(long, value_name = "CLANG")]
    clang: Option<PathBuf>,
    /// The newest instructions to use
    #[arg(long, value_enum, default_value_t = CpuVersion::V3)]
    cpu: CpuVersion,
    /// Write nothing; fail if the files are not what would be written
    #[arg(long)]
    check: bool,
}

/// A version of the instruction set.
#[derive(Clone, Copy, ValueEnum)]
enum CpuVersion {
    V1,
    V2,
    V3,
    V4,
}

impl From<CpuVersion> for Cpu {
    fn from(version: CpuVersion) -> Self {
        match version {
            CpuVersion::V1 => Self::V1,
            CpuVersion::V2 => Self::V2,
            CpuVersion::V3 => Self::V3,
            CpuVersion::V4 => Self::V4,
        }
    }
}

/// The arguments of `osmia gen vmlinux`.
#[derive(Args)]
pub struct VmlinuxOptions {
    /// A file with the types: BTF, or an ELF file with a .BTF section
    #[arg(value_name = "FILE", default_value = "/sys/kernel/btf/vmlinux")]
    file: PathBuf,
}

impl Generate {
    /// Makes it.
    ///
    /// # Errors
    /// The C does not compile, a type is missing, or a file cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Rust(options) => options.run(output),
            Self::Vmlinux(options) => options.run(),
        }
    }
}

impl RustOptions {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let made = self.builder().generate();
        let made = made.map_err(|error| {
            Failure::because(format!("make a module of {}", self.source.display()), &error)
        })?;
        for warning in &made.warnings {
            eprintln!("{warning}");
        }
        let report = Made::of(&made, &self.out);
        if self.check {
            return report.check(&made);
        }
        let written = made.write_to(&self.out);
        written.map_err(|error| Failure::because("write the module", &error))?;
        output.show(&report)
    }

    fn builder(&self) -> Builder {
        let mut builder = Builder::new(&self.source).cpu(self.cpu.into()).types(&self.types);
        if let Some(name) = &self.name {
            builder = builder.name(name);
        }
        if let Some(btf) = &self.btf {
            builder = builder.vmlinux(Vmlinux::File(btf.clone()));
        }
        if let Some(clang) = &self.clang {
            builder = builder.clang(clang);
        }
        for event in &self.events {
            builder = match event.split_once('=') {
                Some((map, ty)) => builder.event_of(map, ty),
                None => builder.event(event),
            };
        }
        builder = self.include.iter().fold(builder, Builder::include);
        self.define.iter().fold(builder, Builder::define)
    }
}

impl VmlinuxOptions {
    fn run(&self) -> Result<(), Failure> {
        let shown = self.file.display();
        let header = osmia_build::vmlinux_header(&self.file);
        let header = header.map_err(|error| {
            Failure::because(format!("print the types in {shown} as C"), &error)
        })?;
        Output::raw(header.as_bytes())
    }
}

/// The files that were made.
#[derive(Serialize)]
struct Made {
    module: PathBuf,
    object: PathBuf,
}

impl Made {
    fn of(made: &Generated, folder: &Path) -> Self {
        let file = |ending: &str| folder.join(format!("{}.{ending}", made.name));
        Self { module: file("rs"), object: file("o") }
    }

    /// Whether the files are what would be written.
    fn check(&self, made: &Generated) -> Result<(), Failure> {
        let wanted = [(&self.module, made.module.as_bytes()), (&self.object, &made.object)];
        for (path, contents) in wanted {
            let there = std::fs::read(path)
                .map_err(|error| Failure::because(format!("read {}", path.display()), &error))?;
            if there != contents {
                return Err(Failure::new(format!(
                    "{} is not what its C file makes today: run the same command without --check",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}

impl Report for Made {
    fn text(&self, _page: &Page) -> String {
        format!("{}\n{}\n", self.module.display(), self.object.display())
    }
}
