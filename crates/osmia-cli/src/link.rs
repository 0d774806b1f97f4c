//! `osmia link`: attachments that have an owner; and objects, if told what to write.

mod files;
pub mod place;
mod show;
mod verbs;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::link::files::LinkFiles;
use crate::link::show::Show;
use crate::link::verbs::{Detach, Pin};
use crate::output::Output;

// `osmia link`.
#[derive(Args)]
#[command(
    infer_subcommands = true,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true,
    after_help = "LINK is `id N` or `pinned PATH`; a number or a path alone will do.

Objects are linked if the one to write is told:
  osmia link parse.bpf.o count.bpf.o -o both.bpf.o"
)]
pub struct Links {
    #[command(subcommand)]
    verb: Option<LinkVerb>,
    #[command(flatten)]
    files: LinkFiles,
}

// The verbs of `osmia link`.
#[derive(Subcommand)]
#[command(defer = true)]
enum LinkVerb {
    /// List links, or show one in full
    #[command(visible_alias = "list", aliases = ["s", "l", "ls"])]
    Show(Show),
    /// Give a link a name in a bpf file system, so that it outlives its process
    Pin(Pin),
    /// Detach a link's program now, whoever holds the link
    Detach(Detach),
}

impl Links {
    /// Does it; without a verb, lists the links, or links objects.
    ///
    /// # Errors
    /// The link is not there, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match &self.verb {
            None if self.files.is_empty() => Show::all().run(output),
            None => self.files.run(output),
            Some(LinkVerb::Show(show)) => show.run(output),
            Some(LinkVerb::Pin(pin)) => pin.run(),
            Some(LinkVerb::Detach(detach)) => detach.run(),
        }
    }
}
