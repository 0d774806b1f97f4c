//! `osmia obj`: object files.

mod code;
mod dump;
pub mod link;
mod reference;
mod show;

use clap::Subcommand;

use crate::failure::Failure;
use crate::obj::dump::Dump;
use crate::obj::link::ObjLink;
use crate::obj::show::Show;
use crate::output::Output;

// The verbs of `osmia obj`.
#[derive(Subcommand)]
#[command(defer = true, infer_subcommands = true, disable_help_subcommand = true)]
pub enum Obj {
    /// Show what is in an object: programs, maps, variables, externs
    #[command(visible_alias = "list")]
    Show(Show),
    /// Disassemble an object's functions
    Dump(Dump),
    /// Link objects to one
    Link(Box<ObjLink>),
}

impl Obj {
    /// Does it.
    ///
    /// # Errors
    /// The file cannot be read, or what is wanted is not in it.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(output),
            Self::Dump(dump) => dump.run(output),
            Self::Link(link) => link.run(output),
        }
    }
}
