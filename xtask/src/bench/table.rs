//! The table of results.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::bench::measure::Measure;
use crate::bench::peer::{PEERS, Peer};

/// Where the table stands in BENCHMARKS.md.
const BEGIN: &str = "<!-- bench: begin -->\n";
const END: &str = "<!-- bench: end -->\n";

/// One measure's figures.
pub struct Row {
    name: &'static str,
    unit: &'static str,
    more_is_better: bool,
    /// The median and the median ratio to the first peer, for each peer that could.
    cells: Vec<Option<(f64, f64)>>,
}

impl Row {
    /// The row for what each peer reported, round by round.
    pub fn of(measure: &Measure, figures: Vec<(&'static Peer, Vec<f64>)>) -> Self {
        let first = figures.first().map(|(_, figures)| figures.clone()).unwrap_or_default();
        let cell = |figures: Vec<f64>| {
            let ratios = figures.iter().zip(&first).map(|(a, b)| a / b).collect();
            Some((median(figures)?, median(ratios).unwrap_or(f64::NAN)))
        };
        let cells = figures.into_iter().map(|(_, figures)| cell(figures)).collect();
        let Measure { name, unit, more_is_better, .. } = *measure;
        Self { name, unit, more_is_better, cells }
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// The table as Markdown: medians, and in brackets the median of the ratios to the
/// first peer, pair by pair.
pub fn render(rows: &[Row], rounds: usize) -> String {
    let mut text = String::from("| |");
    for peer in PEERS {
        let _ = write!(text, " {} |", peer.name);
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|".repeat(PEERS.len()));
    text.push('\n');
    for row in rows {
        let more = if row.more_is_better { ", more is better" } else { "" };
        let _ = write!(text, "| {} ({}{more}) |", row.name, row.unit);
        for (at, cell) in row.cells.iter().enumerate() {
            match cell {
                Some((median, _)) if at == 0 => {
                    let _ = write!(text, " {} |", short(*median));
                }
                Some((median, ratio)) => {
                    let _ = write!(text, " {} ({ratio:.2}x) |", short(*median));
                }
                None => text.push_str(" cannot |"),
            }
        }
        text.push('\n');
    }
    let _ = write!(
        text,
        "\nMedians of {rounds} rounds; in brackets the median of the ratios to the first column.\n"
    );
    text
}

/// Three digits are all that the figures are good for.
fn short(figure: f64) -> String {
    match figure {
        f if f >= 100.0 => format!("{f:.0}"),
        f if f >= 10.0 => format!("{f:.1}"),
        f => format!("{f:.2}"),
    }
}

/// Puts the table between the marks in BENCHMARKS.md.
pub fn save(path: &Path, table: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let (head, rest) = text.split_once(BEGIN).context("BENCHMARKS.md has lost its begin mark")?;
    let (_, tail) = rest.split_once(END).context("BENCHMARKS.md has lost its end mark")?;
    std::fs::write(path, format!("{head}{BEGIN}{table}{END}{tail}"))?;
    Ok(())
}
