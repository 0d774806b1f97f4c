//! What runs for a cgroup.

use std::path::{Path, PathBuf};

use osmia_sys::KernelFs;
use serde::Serialize;

use crate::attached::ProgramNames;
use crate::cgroup::programs::{self, Row};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::table::Table;
use crate::token;

#[derive(Serialize)]
#[serde(transparent)]
struct OnCgroup(Vec<Runs>);

/// A program that runs, and the cgroup that it is attached to.
#[derive(Serialize)]
struct Runs {
    #[serde(flatten)]
    row: Row,
    from: Option<PathBuf>,
}

/// Shows the programs that run for a cgroup, by attach type in their order, and from where each
/// is inherited.
///
/// # Errors
/// The kernel does not tell.
pub fn run(path: &Path, output: &mut Output) -> Result<(), Failure> {
    let bpf = token::bpf()?;
    let mut names = ProgramNames::new(&bpf);
    let path = path
        .canonicalize()
        .map_err(|error| Failure::because(format!("open cgroup {}", path.display()), &error))?;
    let effective = programs::of(&bpf, &path, true, &mut names)?;
    let mut owners = Vec::new();
    for above in path.ancestors() {
        if KernelFs::Cgroup2.holds(above) != Ok(true) {
            break;
        }
        owners.push((above.to_owned(), programs::of(&bpf, above, false, &mut names)?));
    }
    let from = |row: &Row| {
        let own = |owned: &Row| owned.id == row.id && owned.attach_type == row.attach_type;
        let found = owners.iter().find(|(_, rows)| rows.iter().any(own));
        found.map(|(path, _)| path.clone())
    };
    let runs = effective.into_iter().map(|row| Runs { from: from(&row), row });
    output.show(&OnCgroup(runs.collect()))
}

impl Report for OnCgroup {
    fn text(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no programs\n".to_owned();
        }
        let mut table = Table::new(page, &["attach type", "id", "name", "from"]).numbers(&[1]);
        for Runs { row, from } in &self.0 {
            let from = from.as_ref().map_or_else(String::new, |path| path.display().to_string());
            table.row([row.attach_type.clone(), row.id.to_string(), row.name.clone(), from]);
        }
        table.plain()
    }
}
