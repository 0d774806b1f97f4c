//! `osmia gen`: files made from C files and from kernels.

mod vmlinux;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use osmia_build::{EventType, Options};
use osmia_object::ObjectSpec;
use serde::Serialize;

use crate::compile::{CompileOptions, refused, show_warnings};
use crate::failure::Failure;
use crate::generate::vmlinux::VmlinuxOptions;
use crate::object_file::is_c;
use crate::output::Output;
use crate::report::{Page, Report};

/// What to make.
#[derive(Subcommand)]
pub enum Generate {
    /// A typed Rust module, and its object, from a BPF C file
    Rust(Box<RustOptions>),
    /// vmlinux.h: a kernel's types as C, or those that some types or a C file need
    Vmlinux(Box<VmlinuxOptions>),
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
    /// The BPF C file, or an object made of one
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
    /// Write nothing; fail if the files are not what would be written
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    compile: CompileOptions,
}

impl Generate {
    /// Makes it.
    ///
    /// # Errors
    /// The C does not compile, a type is missing, or a file cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Rust(options) => options.run(output),
            Self::Vmlinux(options) => options.run(output),
        }
    }
}

impl RustOptions {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let made = if is_c(&self.source) { self.of_source() } else { self.of_object() }?;
        let report = Made::of(&made, &self.out);
        if self.check {
            return report.check(&made);
        }
        made.write_to(&report)?;
        output.show(&report)
    }

    fn of_source(&self) -> Result<Module, Failure> {
        let mut builder = self.compile.builder(&self.source).types(&self.types);
        if let Some(name) = &self.name {
            builder = builder.name(name);
        }
        for EventType { map, ty } in self.event_types() {
            builder = match map {
                Some(map) => builder.event_of(map, ty),
                None => builder.event(ty),
            };
        }
        let made = builder.generate().map_err(|error| refused(&self.source, &error))?;
        show_warnings(&made.warnings);
        Ok(Module { name: made.name, text: made.module, object: made.object })
    }

    fn of_object(&self) -> Result<Module, Failure> {
        let shown = self.source.display();
        let object = std::fs::read(&self.source)
            .map_err(|error| Failure::because(format!("read {shown}"), &error))?;
        let name = self.name.clone().unwrap_or_else(|| module_name(&self.source));
        let spec = ObjectSpec::parse(&name, object.clone().into())
            .map_err(|error| Failure::because(shown.to_string(), &error))?;
        let file = self.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut options = Options::default();
        options.object_file = format!("{name}.o");
        options.source = file;
        options.types.clone_from(&self.types);
        options.events = self.event_types().collect();
        let text = osmia_build::generate(&spec, &options)
            .map_err(|error| Failure::because(format!("make a module of {shown}"), &error))?;
        Ok(Module { name, text, object })
    }

    /// The types of events, by the ring buffer that they are in if it is said.
    fn event_types(&self) -> impl Iterator<Item = EventType> + '_ {
        self.events.iter().map(|event| match event.split_once('=') {
            Some((map, ty)) => EventType { map: Some(map.to_owned()), ty: ty.to_owned() },
            None => EventType { map: None, ty: event.clone() },
        })
    }
}

/// A module's name: the file's up to its first dot, as Rust may have it.
fn module_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.split('.').next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A module and the object that it embeds.
struct Module {
    name: String,
    text: String,
    object: Vec<u8>,
}

impl Module {
    /// Writes both into a folder; files that are so already stay untouched.
    fn write_to(&self, files: &Made) -> Result<(), Failure> {
        let folder = files.module.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::because(format!("make the folder {}", folder.display()), &error)
        })?;
        for (path, contents) in
            [(&files.module, self.text.as_bytes()), (&files.object, &self.object)]
        {
            if std::fs::read(path).is_ok_and(|there| there == contents) {
                continue;
            }
            std::fs::write(path, contents)
                .map_err(|error| Failure::because(format!("write {}", path.display()), &error))?;
        }
        Ok(())
    }
}

/// The files that were made.
#[derive(Serialize)]
struct Made {
    module: PathBuf,
    object: PathBuf,
}

impl Made {
    fn of(made: &Module, folder: &Path) -> Self {
        let file = |ending: &str| folder.join(format!("{}.{ending}", made.name));
        Self { module: file("rs"), object: file("o") }
    }

    /// Whether the files are what would be written.
    fn check(&self, made: &Module) -> Result<(), Failure> {
        let wanted = [(&self.module, made.text.as_bytes()), (&self.object, &made.object)];
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
