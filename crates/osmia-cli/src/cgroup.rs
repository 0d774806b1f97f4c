//! `osmia cgroup`: programs on cgroups.

mod attach;
pub mod programs;
mod show;
mod tree;

use clap::Subcommand;

use crate::cgroup::attach::{Attach, Detach};
use crate::cgroup::show::Show;
use crate::cgroup::tree::Tree;
use crate::failure::Failure;
use crate::output::Output;

/// The verbs of `osmia cgroup`.
#[derive(Subcommand)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
pub enum CgroupVerb {
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

impl CgroupVerb {
    /// Does it.
    ///
    /// # Errors
    /// There is no such cgroup or program, or the kernel refuses.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(output),
            Self::Tree(tree) => tree.run(output),
            Self::Attach(attach) => attach.run(),
            Self::Detach(detach) => detach.run(),
        }
    }
}
