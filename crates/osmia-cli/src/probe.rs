//! `osmia probe`: the places that programs can be attached to.

use clap::{Args, Subcommand};
use osmia::{ErrorKind, Kernel, Probe};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::put::put;
use crate::report::{Page, Report};
use crate::wrap::{columns, wrapped};

// The verbs of `osmia probe`.
#[derive(Subcommand)]
#[command(defer = true, infer_subcommands = true, disable_help_subcommand = true)]
pub enum ProbeVerb {
    /// List the places that fit a pattern
    List(List),
}

// The arguments of `osmia probe list`.
#[derive(Args)]
#[command(
    after_help = "Kinds are kprobe, fentry, tracepoint, raw_tp, lsm, iter, struct_ops, uprobe, usdt. Without a kind \
functions and tracepoints are listed.

Examples:
  osmia probe list 'kprobe:*tcp_connect'
  osmia probe list 'fentry:tcp_*'                  with prototypes
  osmia probe list 'tracepoint:syscalls:*close*' -v
  osmia probe list 'uprobe:/bin/bash:readline*'
  osmia probe list 'usdt:libc.so.6:*'"
)]
pub struct List {
    /// KIND:NAME, with * and ? for what is not known
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Show fields, functions and arguments too
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Found {
    rows: Vec<Row>,
    #[serde(skip)]
    verbose: bool,
}

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prototype: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
}

impl ProbeVerb {
    /// Does it.
    ///
    /// # Errors
    /// Nothing fits, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let Self::List(list) = self;
        list.run(output)
    }
}

impl List {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut rows = Vec::new();
        for pattern in &self.patterns {
            let found = kernel.probes(pattern).map_err(|error| match error.kind() {
                ErrorKind::Invalid => Failure::usage(error.to_string()),
                _ => error.into(),
            })?;
            if found.is_empty() {
                return Err(Failure::not_found(format!(
                    "there is no probe that fits {pattern}; `*` stands for any part of a name"
                )));
            }
            rows.extend(found.into_iter().map(Row::from));
        }
        output.show(&Found { rows, verbose: self.verbose })
    }
}

impl From<Probe> for Row {
    fn from(probe: Probe) -> Self {
        let Probe { kind, name, place, prototype, fields, .. } = probe;
        Self { kind: kind.name(), name, place, prototype, fields }
    }
}

impl Report for Found {
    fn text(&self, page: &Page) -> String {
        let faint = anstyle::Style::new().dimmed();
        let title = |row: &Row| match &row.place {
            // Programs stand in front of their functions, as they are written; modules behind.
            Some(place) if place.contains('/') => format!("{}:{place}:{}", row.kind, row.name),
            Some(module) => format!("{}:{} [{module}]", row.kind, row.name),
            None => format!("{}:{}", row.kind, row.name),
        };
        let widths = self.rows.iter().filter(|row| row.prototype.is_some());
        let width = widths.map(|row| columns(&title(row))).max().unwrap_or(0).min(48);
        let fits = |row: &Row| {
            let taken = row
                .prototype
                .as_ref()
                .map_or(0, |text| width.max(columns(&title(row))) + 2 + columns(text));
            page.width.is_none_or(|room| taken <= room)
        };
        // Prototypes stand beside the names, or all below them.
        let beside = self.rows.iter().all(fits);
        let mut text = String::new();
        for row in &self.rows {
            let title = title(row);
            match &row.prototype {
                Some(prototype) if beside => {
                    put!(text, "{title:width$}  {faint}{prototype}{faint:#}\n");
                }
                Some(prototype) => {
                    put!(text, "{title}\n");
                    let room = page.width.unwrap_or(usize::MAX).saturating_sub(8);
                    for (at, line) in wrapped(prototype, room).iter().enumerate() {
                        let indent = if at == 0 { 4 } else { 8 };
                        put!(text, "{:indent$}{faint}{line}{faint:#}\n", "");
                    }
                }
                None => put!(text, "{title}\n"),
            }
            for field in row.fields.iter().filter(|_| self.verbose) {
                put!(text, "    {field}\n");
            }
        }
        text
    }
}
