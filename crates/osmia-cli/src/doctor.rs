//! `osmia doctor`: what this machine can do with BPF, and what is missing for what.

mod checks;
mod config;

use clap::Args;
use osmia::Kernel;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::put::put;
use crate::report::{Page, Report};
use crate::wrap::wrapped;

// The arguments of `osmia doctor`.
#[derive(Args)]
#[command(
    after_help = "Every line says what it is needed for, and how to get it where it is missing.

Examples:
  osmia doctor
  osmia doctor --missing
  osmia doctor --remove-leftovers
  osmia doctor --json | jq '.[] | select(.state != \"ok\")'"
)]
pub struct Doctor {
    /// Only what is missing or limited
    #[arg(long, short)]
    missing: bool,
    /// Detach first what processes of Osmia that were killed have left attached
    #[arg(long)]
    remove_leftovers: bool,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is there.
    Ok,
    /// It is there in part, or may be refused.
    Limited,
    /// It is not there.
    Missing,
    /// It could not be found out.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Which part of the machine: `kernel`, `types`, `files`, `rights`, `programs`, `leftovers`, `tools`.
    pub area: &'static str,
    /// What.
    pub name: String,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What it is good for.
    pub needed_for: &'static str,
    /// What to do, where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// A thing that is there.
    pub fn ok(
        area: &'static str,
        name: &str,
        found: impl Into<String>,
        needed_for: &'static str,
    ) -> Self {
        let (name, found) = (name.to_owned(), found.into());
        Self { area, name, state: State::Ok, found, needed_for, remedy: None }
    }

    /// The same in another state, with what to do.
    #[must_use]
    pub fn but(mut self, state: State, remedy: impl Into<String>) -> Self {
        self.state = state;
        self.remedy = Some(remedy.into());
        self
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Checks(Vec<Check>);

impl Doctor {
    /// Looks at everything.
    ///
    /// # Errors
    /// Nobody reads the output.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        if self.remove_leftovers {
            kernel.leftovers()?.into_iter().try_for_each(osmia::Leftover::remove)?;
        }
        let mut found = checks::all(&kernel);
        found.retain(|check| !self.missing || check.state != State::Ok);
        output.show(&Checks(found))
    }
}

impl Report for Checks {
    fn text(&self, page: &Page) -> String {
        use anstyle::{AnsiColor, Style};
        let width =
            self.0.iter().map(|check| check.name.chars().count()).max().unwrap_or(0).min(34);
        let faint = Style::new().dimmed();
        let mut text = String::new();
        let mut area = "";
        for check in &self.0 {
            if check.area != area {
                let bold = Style::new().bold();
                let gap = if area.is_empty() { "" } else { "\n" };
                put!(text, "{gap}{bold}{}{bold:#}\n", check.area);
                area = check.area;
            }
            let (sign, style) = match check.state {
                State::Ok => ("ok", AnsiColor::Green.on_default()),
                State::Limited => ("limited", AnsiColor::Yellow.on_default()),
                State::Missing => ("missing", AnsiColor::Red.on_default()),
                State::Unknown => ("unknown", AnsiColor::Yellow.on_default()),
            };
            let room =
                page.width.map_or(usize::MAX, |page| page.saturating_sub(11 + width + 2).max(24));
            let mut found = wrapped(&check.found, room).into_iter();
            let first = found.next().unwrap_or_default();
            put!(text, "  {style}{sign:7}{style:#}  {:width$}  {first}\n", check.name);
            for line in found {
                put!(text, "           {:width$}  {line}\n", "");
            }
            if let Some(remedy) = &check.remedy {
                let told = format!("for {}; {remedy}", check.needed_for);
                let room = page.width.unwrap_or(100).saturating_sub(11).max(40);
                for line in wrapped(&told, room) {
                    put!(text, "           {faint}{line}{faint:#}\n");
                }
            }
        }
        text
    }
}
