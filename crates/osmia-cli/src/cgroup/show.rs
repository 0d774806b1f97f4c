//! `osmia cgroup show`: the programs of one cgroup.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::attached::ProgramNames;
use crate::cgroup::programs::{self, Row};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;
use crate::token;
use crate::words::Words;

// The arguments of `osmia cgroup show`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia cgroup show /sys/fs/cgroup/system.slice
  osmia cgroup show /sys/fs/cgroup/system.slice effective  with what it inherits")]
pub struct Show {
    /// The directory of the cgroup
    path: PathBuf,
    /// `effective`: with programs that it inherits
    #[arg(value_name = "effective")]
    words: Vec<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Rows(Vec<Row>);

impl Show {
    /// Shows them.
    ///
    /// # Errors
    /// There is no such cgroup, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let effective = effective(&self.words)?;
        let bpf = token::bpf()?;
        let rows = programs::of(&bpf, &self.path, effective, &mut ProgramNames::new(&bpf))?;
        output.show(&Rows(rows))
    }
}

/// Whether the words are `effective`.
///
/// # Errors
/// They are something else.
pub fn effective(words: &[String]) -> Result<bool, Failure> {
    let mut words = Words::new(words);
    let effective = words.take("effective");
    words.end()?;
    Ok(effective)
}

impl Report for Rows {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no programs\n".to_owned();
        }
        let mut table = Table::new(page, &["id", "name", "attach type", "flags"]).numbers(&[0]);
        for row in &self.0 {
            table.row([
                row.id.to_string(),
                row.name.clone(),
                row.attach_type.clone(),
                row.attach_flags.clone().unwrap_or_default(),
            ]);
        }
        table.plain()
    }
}
