//! `osmia prog`: programs in the kernel.

mod code;
mod dump;
mod graph;
mod info;
mod jited;
mod referred;
mod show;
mod svg;
mod xlated;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::dump::Dump;
use crate::prog::show::Show;

/// `osmia prog`.
#[derive(Args)]
#[command(
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "PROG is `id N`, `name NAME`, `tag HEX` or `pinned PATH`; a number, a name or a path alone will do."
)]
pub struct Progs {
    #[command(subcommand)]
    verb: Option<ProgVerb>,
}

/// The verbs of `osmia prog`.
#[derive(Subcommand)]
enum ProgVerb {
    /// List programs, or show some of them in full
    #[command(visible_alias = "list", aliases = ["s", "l", "ls"])]
    Show(Show),
    /// Print a program's instructions, or the machine code that the kernel made of them
    Dump(Dump),
}

impl Progs {
    /// Does it; without a verb, lists the programs.
    ///
    /// # Errors
    /// The program is not there, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match &self.verb {
            None => Show::all().run(output),
            Some(ProgVerb::Show(show)) => show.run(output),
            Some(ProgVerb::Dump(dump)) => dump.run(output),
        }
    }
}
