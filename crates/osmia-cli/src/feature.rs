//! `osmia feature`: what this kernel can do, by bpftool's names.

mod builtins;
mod device;
mod probe;

use clap::Subcommand;

use crate::failure::Failure;
use crate::feature::builtins::Builtins;
use crate::feature::probe::Probe;
use crate::output::Output;

// The verbs of `osmia feature`.
#[derive(Subcommand)]
#[command(defer = true, infer_subcommands = true, disable_help_subcommand = true)]
pub enum FeatureVerb {
    /// Try what this kernel can do
    Probe(Probe),
    /// List the names that this command knows
    #[command(name = "list_builtins", alias = "list-builtins")]
    ListBuiltins(Builtins),
}

impl FeatureVerb {
    /// Does it.
    ///
    /// # Errors
    /// The kernel does not let us try.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Probe(probe) => probe.run(output),
            Self::ListBuiltins(builtins) => builtins.run(output),
        }
    }
}
