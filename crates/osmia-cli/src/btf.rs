//! `osmia btf`: types.

mod diff;
mod dump;
mod find;
mod list;
mod min;
mod raw;
mod show;
pub mod source;

use clap::Subcommand;

use crate::btf::diff::Diff;
use crate::btf::dump::Dump;
use crate::btf::find::Find;
use crate::btf::list::List;
pub use crate::btf::min::Min;
use crate::btf::show::Show;
use crate::failure::Failure;
use crate::output::Output;

// The verbs of `osmia btf`.
#[derive(Subcommand)]
#[command(
    defer = true,
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "SOURCE is where types come from: a file (BTF, or ELF with a .BTF section: an object, vmlinux), \
the id of a BTF in the kernel, or the name of a module; the running kernel if not given."
)]
pub enum BtfVerb {
    /// List the BTF that the kernel holds
    List(List),
    /// Print all types, or what some types need: as C, raw records, or JSON
    Dump(Dump),
    /// Show a type: a struct's layout with offsets and holes, an enum's values, a prototype
    Show(Show),
    /// Show what became of types between two sources
    Diff(Diff),
    /// Find types by a pattern
    Find(Find),
    /// Write as much of a kernel's types as some objects need
    Min(Min),
}

impl BtfVerb {
    /// Does it.
    ///
    /// # Errors
    /// A source cannot be read, or a type is not there.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(output),
            Self::Dump(dump) => dump.run(output),
            Self::Show(show) => show.run(output),
            Self::Diff(diff) => diff.run(output),
            Self::Find(find) => find.run(output),
            Self::Min(min) => min.run(output),
        }
    }
}
