//! `osmia feature list_builtins`: the names that this command knows.

use clap::{Args, ValueEnum};
use osmia_abi::{AttachType, FuncId, LinkType, MapType, ProgType};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia feature list_builtins`.
#[derive(Args)]
pub struct Builtins {
    /// Names of what
    #[arg(value_enum)]
    group: Group,
}

/// What has names.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Group {
    /// Types of programs
    ProgTypes,
    /// Types of maps
    MapTypes,
    /// Ways to attach programs
    AttachTypes,
    /// Types of links
    LinkTypes,
    /// Functions that programs call
    Helpers,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Names(Vec<&'static str>);

impl Builtins {
    /// Lists them.
    ///
    /// # Errors
    /// Nobody reads them.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let names = match self.group {
            Group::ProgTypes => ProgType::ALL.iter().filter_map(|ty| ty.name()).collect(),
            Group::MapTypes => MapType::ALL.iter().filter_map(|ty| ty.name()).collect(),
            Group::AttachTypes => AttachType::ALL.iter().filter_map(|ty| ty.name()).collect(),
            Group::LinkTypes => LinkType::ALL.iter().filter_map(|ty| ty.name()).collect(),
            Group::Helpers => FuncId::ALL.iter().filter_map(|id| id.name()).collect(),
        };
        output.show(&Names(names))
    }
}

impl Report for Names {
    fn text(&self, _: &Page) -> String {
        self.0.iter().flat_map(|name| [name, "\n"]).collect()
    }
}
