//! `osmia prog show`: which programs there are.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use clap::Args;
use osmia_sys::{Bpf, FdKind};
use serde::Serialize;

use crate::failure::Failure;
use crate::holders::{self, Holders};
use crate::link::place;
use crate::moment::{date, precise, short};
use crate::output::{Form, Output};
use crate::prog::info::{Asker, ProgReport};
use crate::report::{Page, Report};
use crate::select::{links, progs};
use crate::selector::Selector;
use crate::table::{Column, fitted};
use crate::token;

// The arguments of `osmia prog show`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia prog list
  osmia prog show name drop
  osmia prog show id 5 --json
  osmia prog list -f                  with the paths where programs are pinned")]
pub struct Show {
    /// Which programs; all if not given
    #[arg(value_name = "PROG")]
    which: Vec<String>,
}

impl Show {
    /// All programs.
    pub fn all() -> Self {
        Self { which: Vec::new() }
    }

    /// Shows them.
    ///
    /// # Errors
    /// There is no such program, or the kernel does not tell.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let bpf = token::bpf()?;
        let selector = Selector::optional(&self.which)?;
        let holders = Holders::find(&bpf, FdKind::Prog);
        let chosen = match &selector {
            None => progs::all(&bpf)?,
            Some(selector) => progs::several(&bpf, selector)?,
        };
        let in_full = selector.is_some();
        let memory = in_full || output.form() != Form::Text;
        let mut asker = Asker::new(&bpf, holders, output.shows_pins() || in_full, memory);
        let mut reports: Vec<ProgReport> = chosen.iter().map(|prog| asker.report(prog)).collect();
        if in_full && output.form() == Form::Text {
            attached(&bpf, &mut reports)?;
        }
        match (<[ProgReport; 1]>::try_from(reports), in_full) {
            (Ok([report]), true) => output.show(&Full(report)),
            (Ok(one), false) => output.show(&List::new(one.into(), output.shows_pins())),
            (Err(several), true) => output.show(&Several(several.into_iter().map(Full).collect())),
            (Err(several), false) => output.show(&List::new(several, output.shows_pins())),
        }
    }
}

/// Notes what programs are attached to by links.
fn attached(bpf: &Bpf, reports: &mut [ProgReport]) -> Result<(), Failure> {
    let mut symbols = None;
    for link in links::all(bpf)? {
        let mut of = reports.iter_mut().filter(|report| report.id == link.info.prog_id);
        if let Some(report) = of.next() {
            let place = place::of(bpf, &link, &mut symbols);
            let place = place.map(|place| place.text).unwrap_or_default();
            let ty = link.info.type_.name().unwrap_or("unknown");
            report.links.push(format!("{ty} {place} (link {})", link.info.id));
        }
    }
    Ok(())
}

/// Programs in a table.
#[derive(Serialize)]
#[serde(transparent)]
struct List {
    rows: Vec<ProgReport>,
    #[serde(skip)]
    pins: bool,
}

impl List {
    fn new(rows: Vec<ProgReport>, pins: bool) -> Self {
        Self { rows, pins }
    }
}

/// What a table of programs tells, and what it does without on narrow pages.
const COLUMNS: [Column; 11] = [
    Column::number("id", 0),
    Column::text("type", 0),
    Column::text("name", 0),
    Column::text("tag", 7),
    Column::number("loaded", 3),
    Column::number("insns", 6),
    Column::number("jited", 8),
    Column::text("maps", 5),
    Column::number("runs", 2),
    Column::number("per run", 2),
    Column::text("held by", 1),
];

impl Report for List {
    fn text(&self, page: &Page) -> String {
        if self.rows.is_empty() {
            return "no programs\n".to_owned();
        }
        let row = |row: &ProgReport| {
            let ran = row.run_cnt != 0;
            vec![
                row.id.to_string(),
                row.type_name(),
                row.name.clone(),
                row.tag.clone(),
                row.age.map(short).unwrap_or_default(),
                (row.bytes_xlated / 8).to_string(),
                row.bytes_jited.map_or("-".to_owned(), |bytes| format!("{bytes}B")),
                ids(&row.map_ids),
                if ran { row.run_cnt.to_string() } else { String::new() },
                per_run(row),
                holders::text(&row.pids),
                row.pinned.join(" "),
            ]
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        let mut columns = COLUMNS.to_vec();
        columns.extend(self.pins.then_some(Column::text("pinned", 0)));
        fitted(page, &columns, &rows).plain()
    }
}

/// A program with everything that is known of it.
#[derive(Serialize)]
#[serde(transparent)]
struct Full(ProgReport);

/// Several of them.
#[derive(Serialize)]
#[serde(transparent)]
struct Several(Vec<Full>);

impl Report for Several {
    fn text(&self, page: &Page) -> String {
        self.0.iter().map(|full| full.text(page)).collect::<Vec<_>>().join("\n")
    }
}

impl Report for Full {
    fn text(&self, _: &Page) -> String {
        let (row, head) = (&self.0, Style::new().bold());
        let licence = if row.gpl_compatible { "GPL" } else { "not GPL" };
        let mut text = format!(
            "{head}{}: {} {}{head:#}\n",
            row.id,
            row.type_name(),
            if row.name.is_empty() { "(no name)" } else { &row.name },
        );
        let mut line = |key: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(text, "  {key:<10}{value}");
            }
        };
        line("tag", format!("{}, {licence}", row.tag));
        if let (Some(at), Some(age)) = (row.loaded_at, row.age) {
            let by = row.uid.map_or_else(String::new, |uid| format!(" by user {uid}"));
            line("loaded", format!("{} ({} ago){by}", date(at), short(age)));
        }
        let verified = row.verified_insns;
        let verified = verified.map_or_else(String::new, |count| format!(", {count} verified"));
        line("code", format!("{} instructions{verified}, {}", row.bytes_xlated / 8, machine(row)));
        line(
            "memory",
            row.bytes_memlock.map_or_else(String::new, |bytes| format!("{bytes} bytes")),
        );
        line("maps", ids(&row.map_ids));
        line("btf", row.btf_id.map_or_else(String::new, |id| id.to_string()));
        if row.run_cnt != 0 {
            let time = precise(Duration::from_nanos(row.run_time_ns));
            line("ran", format!("{} times, {time}, {} per run", row.run_cnt, per_run(row)));
        }
        if row.recursion_misses != 0 {
            line("missed", format!("{} runs, being in one already", row.recursion_misses));
        }
        if let Some(dev) = &row.dev {
            line("offloaded", format!("to interface {}", dev.ifindex));
        }
        row.links.iter().for_each(|link| line("attached", link.clone()));
        for (name, value) in &row.metadata {
            line("metadata", format!("{name} = {value}"));
        }
        line("pinned", row.pinned.join(" "));
        line("held by", holders::text(&row.pids));
        text
    }
}

fn machine(row: &ProgReport) -> String {
    row.bytes_jited
        .map_or("interpreted".to_owned(), |bytes| format!("{bytes} bytes of machine code"))
}

fn ids(ids: &[u32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn per_run(row: &ProgReport) -> String {
    match row.run_time_ns.checked_div(row.run_cnt) {
        Some(nanos) => precise(Duration::from_nanos(nanos)),
        None => String::new(),
    }
}
