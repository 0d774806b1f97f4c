//! Both libraries' verdicts, side by side.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use serde_json::{Value, json};

use crate::corpus::told::{Both, Verdict};

/// Who loads a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    RejectedByUsAlone,
    LoadedByUsAlone,
    RejectedByBoth,
    LoadedByBoth,
    /// One of the loaders crashed or gave no answer in time, and the other did not load it either.
    Unanswered,
}

/// All of them.
const OUTCOMES: [Outcome; 5] = [
    Outcome::RejectedByUsAlone,
    Outcome::LoadedByUsAlone,
    Outcome::RejectedByBoth,
    Outcome::LoadedByBoth,
    Outcome::Unanswered,
];

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

impl Row {
    /// What libbpf said to a program that Osmia has not found in the object: this counts as refused. A program that
    /// Osmia alone finds is in no row; of such objects libbpf opens none.
    fn untold(object: &str, theirs: Verdict) -> Self {
        let outcome = match theirs.loaded {
            true => Outcome::RejectedByUsAlone,
            false => Outcome::RejectedByBoth,
        };
        Self {
            object: object.to_owned(),
            program: theirs.program,
            outcome,
            opened: [theirs.opened, false],
            libbpf: theirs.why,
            osmia: "Osmia told nothing of it".to_owned(),
        }
    }

    /// A row that was written to a report.
    fn read(line: &Value) -> Option<Self> {
        let text = |name: &str| line.get(name)?.as_str().map(str::to_owned);
        let opened = |who: &str| line.get("opened")?.get(who)?.as_bool();
        let outcome = text("outcome")?;
        Some(Self {
            object: text("object")?,
            program: text("program"),
            outcome: OUTCOMES.into_iter().find(|one| format!("{one:?}") == outcome)?,
            opened: [opened("libbpf")?, opened("osmia")?],
            libbpf: text("libbpf")?,
            osmia: text("osmia")?,
        })
    }
}

/// All verdicts.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    rows: Vec<Row>,
}

impl Comparison {
    /// Takes in a line that [`Self::lines`] wrote, and nothing else.
    pub(crate) fn add_line(&mut self, line: &Value) {
        self.rows.extend(Row::read(line));
    }

    /// The objects that both were asked about.
    pub(crate) fn objects(&self) -> HashSet<&str> {
        self.rows.iter().map(|row| row.object.as_str()).collect()
    }

    /// Takes in what both said to an object.
    pub(crate) fn add(&mut self, object: &str, both: Both) {
        let mut theirs: BTreeMap<Option<String>, Verdict> =
            both.libbpf.into_iter().map(|one| (one.program.clone(), one)).collect();
        for ours in both.osmia {
            let Some(theirs) = theirs.remove(&ours.program) else { continue };
            let outcome = match (theirs.loaded, ours.loaded) {
                (true, true) => Outcome::LoadedByBoth,
                (true, false) => Outcome::RejectedByUsAlone,
                (false, true) => Outcome::LoadedByUsAlone,
                (false, false) if theirs.broken || ours.broken => Outcome::Unanswered,
                (false, false) => Outcome::RejectedByBoth,
            };
            self.rows.push(Row {
                object: object.to_owned(),
                program: ours.program,
                outcome,
                opened: [theirs.opened, ours.opened],
                libbpf: theirs.why,
                osmia: ours.why,
            });
        }
        self.rows.extend(theirs.into_values().map(|one| Row::untold(object, one)));
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
        ("  no answer of one".to_owned(), count(Outcome::Unanswered)),
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

#[cfg(test)]
mod tests {
    use super::{Comparison, Outcome};
    use crate::corpus::told::{Both, Verdict};

    fn verdict(program: Option<&str>, loaded: bool) -> Verdict {
        let program = program.map(str::to_owned);
        Verdict { program, opened: true, loaded, broken: false, why: "why".to_owned() }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let mut comparison = Comparison::default();
        let libbpf =
            vec![verdict(None, true), verdict(Some("one"), false), verdict(Some("two"), true)];
        let osmia = vec![verdict(None, false), verdict(Some("one"), true)];
        comparison.add("a.o", Both { libbpf, osmia });
        let hung = Verdict { broken: true, ..verdict(None, false) };
        let both = Both { libbpf: vec![hung], osmia: vec![verdict(None, false)] };
        comparison.add("b.o", both);
        let outcomes: Vec<Outcome> = comparison.rows.iter().map(|row| row.outcome).collect();
        let alone = Outcome::RejectedByUsAlone;
        assert_eq!(outcomes, [alone, Outcome::LoadedByUsAlone, alone, Outcome::Unanswered]);

        let lines = comparison.lines(Some("6.1"));
        let mut read = Comparison::default();
        for line in lines.lines() {
            read.add_line(&serde_json::from_str(line).expect("JSON"));
        }
        assert_eq!(read.lines(Some("6.1")), lines);
        assert!(read.objects().contains("a.o") && read.is_rejected_by_us_alone());
    }
}
