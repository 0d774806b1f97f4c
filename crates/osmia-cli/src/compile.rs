//! How C is compiled on the way.

use std::path::{Path, PathBuf};

use clap::Args;
use osmia_btf::Endian;
use osmia_build::{Builder, CompiledObject, Cpu, Error, Target, Vmlinux};

use crate::failure::Failure;

// What the compiler is told.
#[derive(Args, Default)]
#[command(next_help_heading = "Compiling C")]
pub struct CompileOptions {
    /// A folder with headers
    #[arg(long, short = 'I', value_name = "FOLDER")]
    include: Vec<PathBuf>,
    /// A macro to define
    #[arg(long, short = 'D', value_name = "NAME[=VALUE]")]
    define: Vec<String>,
    /// A file with the types for vmlinux.h, instead of the running kernel's
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    /// The compiler; else $OSMIA_CLANG, clang, or the newest clang-NN
    #[arg(long, value_name = "CLANG")]
    clang: Option<PathBuf>,
    /// The newest instructions to use: v1, v2, v3 or v4; v3 if not given
    #[arg(long, value_name = "VERSION")]
    cpu: Option<Cpu>,
}

// The machine that is compiled for.
#[derive(Args, Default)]
pub struct MachineOptions {
    /// The architecture of the kernel: x86_64, aarch64, s390x, ...; this machine's if not given
    #[arg(long, value_name = "ARCH")]
    arch: Option<Target>,
    /// The byte order, if it is not the architecture's usual one
    #[arg(long, value_name = "ORDER", value_parser = endian)]
    endian: Option<Endian>,
}

fn endian(text: &str) -> Result<Endian, String> {
    match text {
        "little" | "le" => Ok(Endian::Little),
        "big" | "be" => Ok(Endian::Big),
        other => Err(format!("'{other}' is no byte order: use little or big")),
    }
}

impl CompileOptions {
    /// What compiles the file, told all this.
    pub fn builder(&self, source: &Path) -> Builder {
        let mut builder = Builder::new(source).cpu(self.cpu.unwrap_or_default());
        if let Some(btf) = &self.btf {
            builder = builder.vmlinux(Vmlinux::File(btf.clone()));
        }
        if let Some(clang) = &self.clang {
            builder = builder.clang(clang);
        }
        builder = self.include.iter().fold(builder, Builder::include);
        self.define.iter().fold(builder, Builder::define)
    }

    /// Compiles the file for this machine, or for another one.
    ///
    /// # Errors
    /// There is no clang, or it refuses the C.
    pub fn object(
        &self,
        source: &Path,
        machine: &MachineOptions,
    ) -> Result<CompiledObject, Failure> {
        let builder = machine.apply(self.builder(source));
        builder.object().map_err(|error| refused(source, &error))
    }
}

impl MachineOptions {
    fn apply(&self, builder: Builder) -> Builder {
        match (self.arch, self.endian) {
            (None, None) => builder,
            (arch, None) => builder.target(arch.unwrap_or_else(Target::host)),
            (arch, Some(endian)) => {
                builder.target(arch.unwrap_or_else(Target::host).with_endian(endian))
            }
        }
    }
}

/// Why there is no object; the compiler's own words are the details.
pub fn refused(source: &Path, error: &Error) -> Failure {
    match error {
        Error::Compile { said, .. } => Failure::from_error(error).with_details(said),
        error => Failure::because(format!("compile {}", source.display()), error),
    }
}

/// Shows the compiler's warnings; nobody is told if the standard error is closed.
pub fn show_warnings(compiled: &[osmia_build::Diagnostic]) {
    use std::io::Write as _;

    let style = anstyle::AnsiColor::Yellow.on_default().bold();
    let mut stderr = anstream::stderr().lock();
    for diagnostic in compiled {
        let head = match diagnostic.severity {
            osmia_build::Severity::Note => String::new(),
            severity => format!("{style}{severity}{style:#}: "),
        };
        let _ = writeln!(stderr, "{head}{diagnostic}");
        for line in &diagnostic.source {
            let _ = writeln!(stderr, "{line}");
        }
    }
}
