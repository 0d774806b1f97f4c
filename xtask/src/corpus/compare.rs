//! Both libraries' verdicts, side by side.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use serde_json::json;

use crate::corpus::verdict::Verdict;

/// Who loads a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    RejectedByUsAlone,
    LoadedByUsAlone,
    RejectedByBoth,
    LoadedByBoth,
}

/// An object or a program.
#[derive(Debug)]
struct Row {
    object: String,
    program: Option<String>,
    outcome: Outcome,
    opened: [bool; 2],
    libbpf: String,
    osmia: String,
}

/// All verdicts.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    rows: Vec<Row>,
}

impl Comparison {
    /// Takes in what both said to an object.
    pub(crate) fn add(&mut self, object: &Path, libbpf: Vec<Verdict>, osmia: Vec<Verdict>) {
        let object = object.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut theirs: BTreeMap<Option<String>, Verdict> =
            libbpf.into_iter().map(|one| (one.program.clone(), one)).collect();
        for ours in osmia {
            let Some(theirs) = theirs.remove(&ours.program) else { continue };
            let outcome = match (theirs.loaded, ours.loaded) {
                (true, true) => Outcome::LoadedByBoth,
                (true, false) => Outcome::RejectedByUsAlone,
                (false, true) => Outcome::LoadedByUsAlone,
                (false, false) => Outcome::RejectedByBoth,
            };
            self.rows.push(Row {
                object: object.clone(),
                program: ours.program,
                outcome,
                opened: [theirs.opened, ours.opened],
                libbpf: theirs.why,
                osmia: ours.why,
            });
        }
    }

    /// Whether anything loads with libbpf and not with Osmia.
    pub(crate) fn is_rejected_by_us_alone(&self) -> bool {
        self.rows.iter().any(|row| row.outcome == Outcome::RejectedByUsAlone)
    }

    /// Every verdict, a JSON object a line, with the kernel's release if it is not the running one.
    pub(crate) fn lines(&self, kernel: Option<&str>) -> String {
        let line = |row: &Row| {
            json!({
                "kernel": kernel,
                "object": row.object,
                "program": row.program,
                "outcome": format!("{:?}", row.outcome),
                "opened": { "libbpf": opened(row, 0), "osmia": opened(row, 1) },
                "libbpf": row.libbpf,
                "osmia": row.osmia,
            })
        };
        self.rows.iter().flat_map(|row| [line(row).to_string(), "\n".to_owned()]).collect()
    }

    /// The figures, and what differs.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (noun, whole) in [("objects", true), ("programs alone", false)] {
            let rows: Vec<&Row> =
                self.rows.iter().filter(|row| row.program.is_none() == whole).collect();
            if !rows.is_empty() {
                figures(&mut text, noun, &rows);
            }
        }
        let alone = [
            (Outcome::RejectedByUsAlone, "rejected by Osmia alone"),
            (Outcome::LoadedByUsAlone, "loaded by Osmia alone; libbpf"),
        ];
        for (outcome, title) in alone {
            for row in self.rows.iter().filter(|row| row.outcome == outcome) {
                let program = row.program.as_ref().map_or(String::new(), |one| format!(", {one}"));
                let why =
                    if outcome == Outcome::RejectedByUsAlone { &row.osmia } else { &row.libbpf };
                // Writing to a string cannot fail.
                let _ = write!(text, "\n{}{program}: {title}:\n{}\n", row.object, indented(why));
            }
        }
        text
    }
}

/// Whether libbpf (0) or Osmia (1) opened it.
fn opened(row: &Row, who: usize) -> bool {
    row.opened.get(who) == Some(&true)
}

fn figures(text: &mut String, noun: &str, rows: &[&Row]) {
    let count = |wanted: Outcome| rows.iter().filter(|row| row.outcome == wanted).count();
    let opened = |who: usize| rows.iter().filter(|row| opened(row, who)).count();
    let all = rows.len();
    let lines = [
        (noun.to_owned(), all),
        ("  opened by libbpf".to_owned(), opened(0)),
        ("  opened by Osmia".to_owned(), opened(1)),
        ("  loaded by both".to_owned(), count(Outcome::LoadedByBoth)),
        ("  rejected by both".to_owned(), count(Outcome::RejectedByBoth)),
        ("  rejected by Osmia alone".to_owned(), count(Outcome::RejectedByUsAlone)),
        ("  loaded by Osmia alone".to_owned(), count(Outcome::LoadedByUsAlone)),
    ];
    for (label, number) in lines {
        let _ = writeln!(text, "{label:<28}{number:>6}");
    }
}

/// The lines that tell most.
fn indented(why: &str) -> String {
    const SHOWN: usize = 8;
    let lines = why.lines().filter(|line| !line.trim().is_empty()).take(SHOWN);
    lines.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
