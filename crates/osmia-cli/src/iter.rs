//! `osmia iter`: programs that walk what the kernel has.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use osmia::{Iteration, Kernel, Loader, Map, Object, TracingProgram};

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::near::no_such;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::select::maps;
use crate::selector::Selector;
use crate::words::Words;

// The verbs of `osmia iter`.
#[derive(Subcommand)]
#[command(defer = true, infer_subcommands = true, disable_help_subcommand = true)]
pub enum IterVerb {
    /// Load an iterator and pin it: reading the file runs it
    Pin(Pin),
    /// Load an iterator, run it once, and print what it writes
    Run(Run),
}

// The arguments of `osmia iter pin`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia iter pin tasks.bpf.o /sys/fs/bpf/tasks && cat /sys/fs/bpf/tasks
  osmia iter pin elements.bpf.o /sys/fs/bpf/elements map id 5")]
pub struct Pin {
    /// An object, where to pin, and the map to walk
    #[arg(value_name = "FILE PATH [map MAP]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    source: Source,
}

// The arguments of `osmia iter run`.
#[derive(Args)]
#[command(after_help = "Example:\n  osmia iter run tasks.bpf.c")]
pub struct Run {
    /// An object, and the map to walk
    #[arg(value_name = "FILE [map MAP]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    source: Source,
}

#[derive(Args)]
struct Source {
    /// Which of the object's programs, if it has several
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    #[command(flatten)]
    compile: CompileOptions,
}

impl IterVerb {
    /// Does it.
    ///
    /// # Errors
    /// The object cannot be loaded, or has no iterator.
    pub fn run(&self, _: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Pin(pin) => pin.run(),
            Self::Run(run) => run.run(),
        }
    }
}

impl Pin {
    fn run(&self) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let file = PathBuf::from(words.next("the object's file")?);
        let path = PathBuf::from(words.next("the path to pin to")?);
        let (_object, program, over) = self.source.load(&file, &mut words)?;
        Ok(program.attach_iterator(&over)?.pin(path)?)
    }
}

impl Run {
    fn run(&self) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let file = PathBuf::from(words.next("the object's file")?);
        let (_object, program, over) = self.source.load(&file, &mut words)?;
        let mut output = program.iterate(&over)?;
        let mut room = vec![0; 1 << 16];
        loop {
            let len = output
                .read(&mut room)
                .map_err(|error| Failure::because("run the iterator", &error))?;
            if len == 0 {
                return Ok(());
            }
            Output::raw(room.get(..len).unwrap_or_default())?;
        }
    }
}

impl Source {
    /// Loads the iterator; what it walks follows in the words.
    fn load(
        &self,
        file: &std::path::Path,
        words: &mut Words<'_>,
    ) -> Result<(Object, TracingProgram, Iteration), Failure> {
        let kernel = Kernel::running()?;
        let mut over = Iteration::new();
        if !words.is_empty() {
            words.keyword(&["map"])?;
            let map = maps::one(kernel.bpf(), &Selector::read(words)?)?;
            over = over.map(&Map::from_fd(&kernel, map.fd.into_fd())?);
            words.end()?;
        }
        let mut spec = ObjectFile::open(file, &self.compile)?.spec;
        let is_iterator = |section: &str| section.trim_start_matches('?').starts_with("iter");
        let mut iterators = spec.programs.values().filter(|program| is_iterator(&program.section));
        let wanted = match &self.program {
            Some(name) => name.clone(),
            None => match iterators.next() {
                Some(first) => first.name.clone(),
                None => {
                    let sections = "its section is iter/TARGET or iter.s/TARGET";
                    return Err(Failure::not_found(format!(
                        "{} has no iterator: {sections}",
                        file.display()
                    )));
                }
            },
        };
        if !spec.programs.contains_key(&wanted) {
            let names = spec.programs.keys().map(String::as_str);
            return Err(Failure::not_found(no_such("program", &wanted, names)));
        }
        for (name, program) in &mut spec.programs {
            program.autoload = *name == wanted;
        }
        let object = Loader::new(&kernel).load(&spec)?;
        let program = TracingProgram::try_from(object.program(&wanted)?.clone())?;
        Ok((object, program, over))
    }
}
