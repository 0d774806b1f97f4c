//! `osmia run`: from C files to events on the screen.

mod attach;
mod contents;
mod event_type;
mod happening;
mod opened;
pub mod options;
mod part;
pub mod printk;
mod set;
pub mod signals;
mod told;
mod watch;

pub use crate::run::options::{RunOptions, duration, pair};
pub use crate::run::set::set_variables;
pub use crate::run::signals::Signals;

use osmia::Kernel;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::top::live::Live;
use crate::run::attach::{Attached, kind_of_target};
use crate::run::happening::Happening;
use crate::run::opened::Opened;
use crate::run::part::Part;
use crate::run::watch::Watch;

impl RunOptions {
    /// Runs the programs until somebody or something ends it.
    ///
    /// # Errors
    /// An object cannot be made, loaded or attached, or the output cannot be written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let opened = Opened::open(&self.files, &self.compile)?;
        let prepared = opened.prepare(self)?;
        let kernel = self.kernel.kernel()?;
        tell_of_leftovers(&kernel, output)?;
        let parts = prepared
            .into_iter()
            .map(|prepared| prepared.load(self, &kernel))
            .collect::<Result<Vec<Part>, _>>()?;
        for note in parts.iter().flat_map(|part| part.object.notes()) {
            output.show(&Happening::Note(Failure::from_error(note).message()))?;
        }
        let mut watch = Watch::open(&kernel, &parts, output)?;
        let attached = parts
            .iter()
            .map(|part| part.placement.attach(&part.object, self.keep_going))
            .collect::<Result<Vec<_>, _>>()?;
        tell(&attached, &parts, output)?;
        let mut live = self.live(&kernel, &parts, output)?;
        let followed = watch.follow(self.duration, live.as_mut(), output);
        // The terminal is given back before anything else is said.
        drop(live);
        followed?;
        attached.into_iter().map(Attached::detach).fold(Ok(()), Result::and)?;
        watch.finish(output)?;
        if self.no_maps { Ok(()) } else { show_contents(&parts, output) }
    }

    /// The view of what the programs cost, if it is wanted.
    fn live(
        &self,
        kernel: &Kernel,
        parts: &[Part],
        output: &Output,
    ) -> Result<Option<Live>, Failure> {
        if !self.top {
            return Ok(None);
        }
        let programs = parts.iter().flat_map(|part| part.object.programs());
        let loaded = programs.filter(|program| program.is_loaded());
        let ids = loaded.map(|program| Ok(program.info()?.id)).collect::<Result<_, Failure>>()?;
        Live::of_programs(kernel.bpf(), ids, output).map(Some)
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
fn tell(attached: &[Attached], parts: &[Part], output: &mut Output) -> Result<(), Failure> {
    let mut left_out = Vec::new();
    for (attached, part) in attached.iter().zip(parts) {
        for (program, why) in attached.left_out(&part.object) {
            let ty = part.spec.programs.get(program).and_then(|found| found.prog_type);
            let remedy = match ty.and_then(kind_of_target) {
                Some(target) => format!(" (--attach {}={target})", part.named(program)),
                None => String::new(),
            };
            left_out.push((part, program, format!("{why}{remedy}")));
        }
    }
    if attached.iter().all(|attached| attached.places().next().is_none()) {
        let each = |(part, program, why): &(&Part, &str, String)| {
            format!("{}: {why}", part.named(program))
        };
        let why = left_out.iter().map(each).collect::<Vec<_>>().join("; ");
        let why = if why.is_empty() { "the object has no programs".to_owned() } else { why };
        return Err(Failure::new(format!(
            "there is nothing to attach ({why}); --attach PROGRAM=TARGET names a target"
        )));
    }
    for (attached, part) in attached.iter().zip(parts) {
        for (program, to) in attached.places() {
            output.show(&Happening::Attached { object: part.label(), program, to })?;
        }
    }
    for (part, program, why) in &left_out {
        output.show(&Happening::LeftOut { object: part.label(), program, why })?;
    }
    Ok(())
}

fn show_contents(parts: &[Part], output: &mut Output) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for part in parts {
        for map in contents::maps(part, &mut seen)? {
            output.show(&Happening::Map(map))?;
        }
    }
    let variables = contents::variables(parts)?;
    if variables.is_empty() { Ok(()) } else { output.show(&Happening::Variables(variables)) }
}
