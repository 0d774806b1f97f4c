//! `osmia prog`: programs in the kernel.

mod attach;
mod code;
mod dump;
mod graph;
mod info;
mod jited;
mod link_type;
mod load;
mod metadata;
mod packets;
mod pin;
pub mod printed;
mod profile;
mod referred;
mod run;
mod show;
pub mod stream;
mod svg;
pub mod top;
mod tracelog;
mod unload;
mod verdict;
mod verify;
mod xlated;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::attach::{Attach, Detach};
use crate::prog::dump::Dump;
use crate::prog::load::{Load, LoadAll};
use crate::prog::pin::Pin;
use crate::prog::profile::Profile;
use crate::prog::run::Run;
use crate::prog::show::Show;
use crate::prog::top::Top;
use crate::prog::tracelog::Tracelog;
use crate::prog::unload::Unload;
use crate::prog::verify::Verify;

// `osmia prog`.
#[derive(Args)]
#[command(
    infer_subcommands = true,
    disable_help_subcommand = true,
    after_help = "PROG is `id N`, `name NAME`, `tag HEX` or `pinned PATH`;
a number, a name or a path alone will do."
)]
pub struct Progs {
    #[command(subcommand)]
    verb: Option<ProgVerb>,
}

// The verbs of `osmia prog`.
#[derive(Subcommand)]
#[command(defer = true)]
enum ProgVerb {
    /// List programs, or show some of them in full
    #[command(visible_alias = "list", aliases = ["s", "l", "ls"])]
    Show(Show),
    /// Print a program's instructions, or the machine code that the kernel made of them
    #[command(aliases = ["d"])]
    Dump(Dump),
    /// Give a program a name in a bpf file system, so that it outlives its process
    Pin(Pin),
    /// Load an object's first program and pin it
    Load(Load),
    /// Load all programs of an object and pin them in a folder
    Loadall(LoadAll),
    /// Attach a loaded program to a map of sockets, or as the flow dissector
    Attach(Attach),
    /// Undo an attachment of `attach`
    Detach(Detach),
    /// Remove the pins of programs and of their links, so that they go
    Unload(Unload),
    /// Run a program by hand with packets or a context, and tell what it returns
    Run(Run),
    /// Let the verifier judge an object's programs, and tell what it counted; compare with before
    Verify(Verify),
    /// Watch how often programs run and what they cost
    Top(Top),
    /// Tell what a program's runs cost: cycles, instructions, cache misses, time
    #[command(alias = "prof")]
    Profile(Profile),
    /// Print what programs print with bpf_printk, or into their streams
    Tracelog(Tracelog),
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
            Some(ProgVerb::Pin(pin)) => pin.run(),
            Some(ProgVerb::Load(load)) => load.run(output),
            Some(ProgVerb::Loadall(load)) => load.run(output),
            Some(ProgVerb::Attach(attach)) => attach.run(),
            Some(ProgVerb::Detach(detach)) => detach.run(),
            Some(ProgVerb::Unload(unload)) => unload.run(output),
            Some(ProgVerb::Run(run)) => run.run(output),
            Some(ProgVerb::Verify(verify)) => verify.run(output),
            Some(ProgVerb::Top(top)) => top.run(output),
            Some(ProgVerb::Profile(profile)) => profile.run(output),
            Some(ProgVerb::Tracelog(log)) => log.run(output),
        }
    }
}
