//! The objects that a run is made of.

use std::path::PathBuf;

use osmia_object::ObjectSpec;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::near::no_such;
use crate::object_file::ObjectFile;
use crate::run::attach::Placement;
use crate::run::event_type::{EventTypes, rings};
use crate::run::options::RunOptions;
use crate::run::part::Prepared;
use crate::run::set::set_variables;
use crate::written::name_and_path;

/// What is said of a name in an object.
type Said = Vec<(String, String)>;

/// Objects that are open.
pub struct Opened {
    specs: Vec<ObjectSpec>,
}

impl Opened {
    /// Opens objects and C files.
    ///
    /// # Errors
    /// One cannot be made or read, or two have the same name.
    pub fn open(files: &[PathBuf], compile: &CompileOptions) -> Result<Self, Failure> {
        let mut specs: Vec<ObjectSpec> = Vec::new();
        for file in files {
            let spec = ObjectFile::open(file, compile)?.spec;
            if specs.iter().any(|other| other.name == spec.name) {
                let name = &spec.name;
                return Err(Failure::usage(format!(
                    "two of the objects are called {name}, and options could not tell them apart: rename one file"
                )));
            }
            specs.push(spec);
        }
        Ok(Self { specs })
    }

    /// The same with all that the command line says of the objects.
    ///
    /// # Errors
    /// It names something that there is not, or says what cannot be.
    pub fn prepare(self, options: &RunOptions) -> Result<Vec<Prepared>, Failure> {
        let has_variable = |spec: &ObjectSpec, written: &str| {
            let is_name = |name: &str| spec.variables.contains_key(name);
            is_name(name_and_path(written, is_name).0)
        };
        let has_program = |spec: &ObjectSpec, name: &str| spec.programs.contains_key(name);
        let has_ring = |spec: &ObjectSpec, name: &str| rings(spec).any(|ring| ring.name == name);
        let sets = self.share("variable", &options.set, has_variable)?;
        let attaches = self.share("program", &options.attach, has_program)?;
        let events = self.share("ring buffer", &options.event, has_ring)?;
        let without: Said =
            options.without.iter().map(|name| (name.clone(), String::new())).collect();
        let without = self.share("program", &without, has_program)?;
        let several = self.specs.len() > 1;
        let said = sets.into_iter().zip(attaches).zip(events).zip(without);
        self.specs
            .into_iter()
            .zip(said)
            .map(|(mut spec, (((set, attach), event), without))| {
                leave_out(&mut spec, &without)?;
                set_variables(&mut spec, &set)?;
                let placement = Placement::plan(&mut spec, &attach)?;
                let types = EventTypes::of(&spec, &event)?;
                Ok(Prepared { several, spec, placement, types })
            })
            .collect()
    }

    /// What is said of each object: of the one that is named in front of a colon, of the only one, or
    /// of the only one that has the name.
    fn share(
        &self,
        noun: &str,
        all: &Said,
        has: impl Fn(&ObjectSpec, &str) -> bool,
    ) -> Result<Vec<Said>, Failure> {
        let mut shares: Vec<Said> = self.specs.iter().map(|_| Vec::new()).collect();
        for (written, value) in all {
            let (at, name) = self.object_of(noun, written, &has)?;
            if let Some(share) = shares.get_mut(at) {
                share.push((name.to_owned(), value.clone()));
            }
        }
        Ok(shares)
    }

    fn object_of<'a>(
        &self,
        noun: &str,
        written: &'a str,
        has: impl Fn(&ObjectSpec, &str) -> bool,
    ) -> Result<(usize, &'a str), Failure> {
        if let Some((object, name)) = written.split_once(':') {
            let named = self.specs.iter().position(|spec| spec.name == object);
            return named.map(|at| (at, name)).ok_or_else(|| {
                let names = self.specs.iter().map(|spec| spec.name.as_str());
                Failure::not_found(no_such("object", object, names))
            });
        }
        if self.specs.len() == 1 {
            return Ok((0, written));
        }
        let having = self.specs.iter().enumerate().filter(|(_, spec)| has(spec, written));
        let having: Vec<(usize, &str)> =
            having.map(|(at, spec)| (at, spec.name.as_str())).collect();
        let names = |between: &str| {
            let names: Vec<&str> = match having.as_slice() {
                [] => self.specs.iter().map(|spec| spec.name.as_str()).collect(),
                having => having.iter().map(|(_, name)| *name).collect(),
            };
            names.join(between)
        };
        match having.as_slice() {
            [(at, _)] => Ok((*at, written)),
            [] => Err(Failure::not_found(format!(
                "there is no {noun} {written} in {}",
                names(" or ")
            ))),
            [(_, first), ..] => Err(Failure::usage(format!(
                "there is a {noun} {written} in {}: say which, as {first}:{written}",
                names(" and ")
            ))),
        }
    }
}

/// Keeps programs from being loaded.
fn leave_out(spec: &mut ObjectSpec, names: &Said) -> Result<(), Failure> {
    for (name, _) in names {
        let Some(program) = spec.programs.get_mut(name) else {
            let names = spec.programs.keys().map(String::as_str);
            return Err(Failure::not_found(no_such("program", name, names)));
        };
        (program.autoload, program.autoattach) = (false, false);
    }
    Ok(())
}
