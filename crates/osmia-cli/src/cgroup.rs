//! `osmia cgroup`: programs on cgroups.

mod attach;
pub mod programs;
mod show;
mod tree;

use clap::{Args, Subcommand};

use crate::cgroup::attach::{Attach, Detach};
use crate::cgroup::show::Show;
use crate::cgroup::tree::Tree;
use crate::failure::Failure;
use crate::output::Output;

// `osmia cgroup`.
#[derive(Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
pub struct Cgroups {
    #[command(subcommand)]
    verb: Option<CgroupVerb>,
}

// The verbs of `osmia cgroup`.
#[derive(Subcommand)]
#[command(defer = true)]
enum CgroupVerb {
    /// Show the programs of a cgroup
    #[command(visible_alias = "list", aliases = ["s", "l", "ls"])]
    Show(Show),
    /// Show all cgroups with programs
    Tree(Tree),
    /// Attach a program to a cgroup; it stays until it is detached
    Attach(Attach),
    /// Detach a program from a cgroup
    Detach(Detach),
}

impl Cgroups {
    /// Does it; without a verb, shows all cgroups with programs.
    ///
    /// # Errors
    /// There is no such cgroup or program, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match &self.verb {
            None => Tree::default().run(output),
            Some(CgroupVerb::Show(show)) => show.run(output),
            Some(CgroupVerb::Tree(tree)) => tree.run(output),
            Some(CgroupVerb::Attach(attach)) => attach.run().and_then(|()| output.done()),
            Some(CgroupVerb::Detach(detach)) => detach.run().and_then(|()| output.done()),
        }
    }
}
