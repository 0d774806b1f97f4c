//! `osmia net`: programs on network interfaces, and in network namespaces.

mod attach;
pub mod hooks;
pub mod list;
mod netfilter;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::net::attach::{Attach, Detach};
use crate::net::list::List;
use crate::netns_choice::NetnsChoice;
use crate::output::Output;

// `osmia net`.
#[derive(Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
pub struct Net {
    #[command(flatten)]
    netns: NetnsChoice,
    #[command(subcommand)]
    verb: Option<NetVerb>,
}

// The verbs of `osmia net`.
#[derive(Subcommand)]
#[command(defer = true)]
enum NetVerb {
    /// List programs on interfaces, in the order in which packets meet them
    #[command(visible_alias = "show", aliases = ["s", "l", "ls"])]
    List(List),
    /// Attach a program to an interface; it stays until it is detached
    Attach(Attach),
    /// Detach a program from an interface
    Detach(Detach),
}

impl Net {
    /// Does it; without a verb, lists.
    ///
    /// # Errors
    /// There is no such interface or program, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.netns.enter()?;
        match &self.verb {
            None => List::default().run(output),
            Some(NetVerb::List(list)) => list.run(output),
            Some(NetVerb::Attach(attach)) => attach.run(output),
            Some(NetVerb::Detach(detach)) => detach.run(output),
        }
    }
}
