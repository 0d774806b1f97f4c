//! `osmia gen`: files made from C files and from kernels.

mod object;
mod vmlinux;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use osmia_btf::Endian;
use osmia_build::{EventType, Options, Target};
use osmia_object::ObjectSpec;
use serde::Serialize;

use crate::btf::Min;
use crate::compile::{CompileOptions, refused, show_warnings};
use crate::failure::Failure;
use crate::generate::object::ObjectOptions;
use crate::generate::vmlinux::VmlinuxOptions;
use crate::object_file::is_c;
use crate::output::Output;
use crate::report::{Page, Report};

/// What to make.
#[derive(Subcommand)]
#[command(defer = true)]
pub enum Generate {
    /// A typed Rust module, and its object, from a BPF C file
    Rust(Box<RustOptions>),
    /// vmlinux.h: a kernel's types as C, or those that some types or a C file need
    Vmlinux(Box<VmlinuxOptions>),
    /// One object of several, as with bpftool: `osmia obj link`
    Object(Box<ObjectOptions>),
    /// As much of a kernel's types as some objects need: `osmia btf min` in bpftool's words
    #[command(name = "min_core_btf", alias = "min-core-btf")]
    MinCoreBtf(MinCoreBtf),
    /// What bpftool makes for C
    #[command(hide = true, alias = "subskeleton")]
    Skeleton(ForC),
}

// The arguments of `osmia gen min_core_btf`.
#[derive(Args)]
#[command(after_help = "Example:
  osmia gen min_core_btf vmlinux-4.19.btf execs-4.19.btf execs.bpf.o")]
pub struct MinCoreBtf {
    /// The kernel's types
    input: PathBuf,
    /// The file to write
    output: PathBuf,
    /// The BPF objects
    #[arg(required = true)]
    objects: Vec<PathBuf>,
}

// Whatever follows what is not made here.
#[derive(Args)]
pub struct ForC {
    #[arg(allow_hyphen_values = true, trailing_var_arg = true, hide = true)]
    words: Vec<String>,
}

impl ForC {
    /// Says what to do instead.
    ///
    /// # Errors
    /// Always.
    fn run(&self) -> Result<(), Failure> {
        let file = self.words.first().map_or("FILE", String::as_str);
        Err(Failure::unsupported(format!(
            "skeletons are for C; `osmia gen rust {file}` makes a typed module for Rust of a C file or an object"
        )))
    }
}

// The arguments of `osmia gen rust`.
#[derive(Args)]
#[command(
    after_help = "It is the module that osmia_build::compile makes in a build script; checked in, it spares the \
users of a crate clang. Declare it with `mod NAME;`.

Examples:
  osmia gen rust src/bpf/events.bpf.c -o src/bpf --type 'struct event'
  osmia gen rust src/bpf/events.bpf.c -o src/bpf --endian both
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
    /// The machines' byte order: little, big or both; this machine's if not given
    #[arg(long, value_name = "ORDER", value_parser = orders)]
    endian: Option<Orders>,
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
            Self::Object(options) => options.run(output),
            Self::MinCoreBtf(MinCoreBtf { input, output: out, objects }) => {
                Min::of_files(input, out.clone(), objects.clone()).run(output)
            }
            Self::Skeleton(words) => words.run(),
        }
    }
}

impl RustOptions {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let made = if is_c(&self.source) { self.of_source() } else { self.of_object() }?;
        if self.check {
            return made.check(&self.out);
        }
        made.write_to(&self.out)?;
        output.show(&Made::of(&made, &self.out))
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
        builder = match self.endian {
            None => builder,
            Some(Orders::Both) => builder.both_endians(),
            Some(Orders::One(endian)) => builder.target(Target::host().with_endian(endian)),
        };
        let made = builder.generate().map_err(|error| refused(&self.source, &error))?;
        show_warnings(&made.warnings);
        let files = made.files().into_iter();
        Ok(Module { files: files.map(|(file, contents)| (file, contents.to_vec())).collect() })
    }

    fn of_object(&self) -> Result<Module, Failure> {
        let shown = self.source.display();
        if self.endian.is_some() {
            return Err(Failure::new(format!(
                "{shown} is an object already, in one byte order: give its C file with --endian"
            )));
        }
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
        let files = vec![(format!("{name}.rs"), text.into_bytes()), (format!("{name}.o"), object)];
        Ok(Module { files })
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

/// Byte orders that a module can be for.
#[derive(Clone, Copy)]
enum Orders {
    One(Endian),
    Both,
}

fn orders(text: &str) -> Result<Orders, String> {
    match text {
        "both" => Ok(Orders::Both),
        "little" | "le" => Ok(Orders::One(Endian::Little)),
        "big" | "be" => Ok(Orders::One(Endian::Big)),
        other => Err(format!("'{other}' is no byte order: use little, big or both")),
    }
}

/// A module and the objects that it embeds, by their files' names; the module comes first.
struct Module {
    files: Vec<(String, Vec<u8>)>,
}

impl Module {
    /// Writes them into a folder; files that are so already stay untouched.
    fn write_to(&self, folder: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::because(format!("make the folder {}", folder.display()), &error)
        })?;
        for (file, contents) in &self.files {
            let path = folder.join(file);
            if std::fs::read(&path).is_ok_and(|there| there == *contents) {
                continue;
            }
            std::fs::write(&path, contents)
                .map_err(|error| Failure::because(format!("write {}", path.display()), &error))?;
        }
        Ok(())
    }

    /// Whether the files in a folder are what would be written.
    fn check(&self, folder: &Path) -> Result<(), Failure> {
        for (file, contents) in &self.files {
            let path = folder.join(file);
            let there = std::fs::read(&path)
                .map_err(|error| Failure::because(format!("read {}", path.display()), &error))?;
            if there != *contents {
                return Err(Failure::new(format!(
                    "{} is not what its C file makes today: run the same command without --check",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}

/// The files that were made.
#[derive(Serialize)]
struct Made {
    module: PathBuf,
    objects: Vec<PathBuf>,
}

impl Made {
    fn of(made: &Module, folder: &Path) -> Self {
        let mut files = made.files.iter().map(|(file, _)| folder.join(file));
        Self { module: files.next().unwrap_or_default(), objects: files.collect() }
    }
}

impl Report for Made {
    fn text(&self, _page: &Page) -> String {
        let files = std::iter::once(&self.module).chain(&self.objects);
        let lines: Vec<String> = files.map(|file| file.display().to_string()).collect();
        lines.join("\n") + "\n"
    }
}
