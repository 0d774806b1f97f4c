//! `osmia run`: from a C file to events on the screen.

mod attach;
mod contents;
mod event_type;
mod happening;
pub mod options;
pub mod printk;
mod set;
pub mod signals;
mod watch;

pub use crate::run::options::{RunOptions, duration, pair};
pub use crate::run::set::set_variables;
pub use crate::run::signals::Signals;

use osmia::{ErrorKind, Kernel, Object};
use osmia_object::ObjectSpec;

use crate::failure::Failure;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::run::attach::{Attached, Placement, kind_of_target};
use crate::run::event_type::EventTypes;
use crate::run::happening::Happening;
use crate::run::watch::Watch;

impl RunOptions {
    /// Runs the programs until somebody or something ends it.
    ///
    /// # Errors
    /// The object cannot be made, loaded or attached, or the output cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut spec = ObjectFile::open(&self.file, &self.compile)?.spec;
        set_variables(&mut spec, &self.set)?;
        let placement = Placement::plan(&mut spec, &self.attach)?;
        let types = EventTypes::of(&spec, &self.event)?;
        let kernel = self.kernel.kernel()?;
        tell_of_leftovers(&kernel, output)?;
        let object = self.load(&spec, &kernel)?;
        for note in object.notes() {
            output.show(&Happening::Note(Failure::from_error(note).message()))?;
        }
        let mut watch = Watch::open(&kernel, &object, &spec, types, output)?;
        let attached = placement.attach(&object)?;
        tell(&attached, &spec, output)?;
        watch.follow(self.duration, output)?;
        attached.detach()?;
        watch.finish(output)?;
        if self.no_maps { Ok(()) } else { show_contents(&object, &spec, output) }
    }

    fn load(&self, spec: &ObjectSpec, kernel: &Kernel) -> Result<Object, Failure> {
        self.kernel.loader(kernel).load(spec).map_err(|error| {
            let failure = Failure::from_error(&error);
            match error.verifier() {
                Some(refusal) if self.verifier_log || error.kind() != ErrorKind::Verifier => {
                    failure.with_details(refusal.log())
                }
                Some(_) => failure.with_hint("--verifier-log shows it"),
                None => failure,
            }
        })
    }
}

/// Says what earlier runs that were killed have left attached.
fn tell_of_leftovers(kernel: &Kernel, output: &mut Output) -> Result<(), Failure> {
    let notes = match kernel.leftovers() {
        Ok(left) => left
            .iter()
            .map(|left| {
                let remedy = left.remedy();
                format!("{left}; `{remedy}` removes it, or `osmia doctor --remove-leftovers`")
            })
            .collect(),
        Err(error) => vec![format!("what killed processes have left is not known: {error:#}")],
    };
    notes.into_iter().try_for_each(|note| output.show(&Happening::Note(note)))
}

/// Says what is attached and what is not; an error if that is all.
fn tell(attached: &Attached, spec: &ObjectSpec, output: &mut Output) -> Result<(), Failure> {
    let why = |(program, why): (&str, &str)| {
        let ty = spec.programs.get(program).and_then(|found| found.prog_type);
        let remedy = match ty.and_then(kind_of_target) {
            Some(target) => format!(" (--attach {program}={target})"),
            None => String::new(),
        };
        (program.to_owned(), format!("{why}{remedy}"))
    };
    let left_out: Vec<_> = attached.left_out().map(why).collect();
    if attached.places().next().is_none() {
        let each = |(program, why): &(String, String)| format!("{program}: {why}");
        let why = left_out.iter().map(each).collect::<Vec<_>>().join("; ");
        let why = if why.is_empty() { "the object has no programs".to_owned() } else { why };
        return Err(Failure::new(format!(
            "there is nothing to attach ({why}); --attach PROGRAM=TARGET names a target"
        )));
    }
    for (program, to) in attached.places() {
        output.show(&Happening::Attached { program, to })?;
    }
    for (program, why) in &left_out {
        output.show(&Happening::LeftOut { program, why })?;
    }
    Ok(())
}

fn show_contents(object: &Object, spec: &ObjectSpec, output: &mut Output) -> Result<(), Failure> {
    for map in contents::maps(object, spec)? {
        output.show(&Happening::Map(map))?;
    }
    let variables = contents::variables(object, spec)?;
    if variables.is_empty() { Ok(()) } else { output.show(&Happening::Variables(variables)) }
}
