//! How verdicts are shown and compared.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize};

use crate::moment::precise;
use crate::prog::verify::figures::Figures;
use crate::report::{Page, Report};
use crate::table::{Column, Table, fitted};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// What the verifier thinks of some programs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VerifyReport(pub Vec<Judged>);

/// What it thinks of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// The object's file, without its folder.
    pub file: String,
    /// The program.
    pub program: String,
    /// `success` or `failure`.
    pub verdict: String,
    /// What the verifier counted.
    #[serde(flatten)]
    pub figures: Figures,
    /// Why it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its whole log, where that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

impl Judged {
    /// A program that nothing is said against.
    pub fn new(file: String, program: &str) -> Self {
        Self {
            file,
            program: program.to_owned(),
            verdict: "success".to_owned(),
            figures: Figures::default(),
            error: None,
            log: None,
        }
    }

    /// Something is.
    pub fn refuse(&mut self, why: String) {
        "failure".clone_into(&mut self.verdict);
        self.error = Some(why);
    }

    /// Whether it was taken.
    pub fn accepted(&self) -> bool {
        self.verdict == "success"
    }

    fn figures(&self) -> [u64; 7] {
        let Figures { insns, states, peak_states, stack, usec, xlated, jited } = self.figures;
        [insns, states, peak_states, stack, usec, xlated.into(), jited.into()]
    }
}

const HEADS: [&str; 7] = ["insns", "states", "peak_states", "stack", "usec", "xlated", "jited"];

/// Where the time stands among the figures.
const TIME: usize = 4;

fn verdict(accepted: bool) -> String {
    if accepted { "ok" } else { "REFUSED" }.to_owned()
}

impl VerifyReport {
    /// Comma-separated, with a head.
    pub fn csv(&self) -> String {
        let mut text = format!("file,program,verdict,{}\n", HEADS.join(","));
        for row in &self.0 {
            let figures: Vec<String> = row.figures().iter().map(u64::to_string).collect();
            let (file, program) = (quoted(&row.file), quoted(&row.program));
            let _ = writeln!(text, "{file},{program},{},{}", row.verdict, figures.join(","));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

impl Report for VerifyReport {
    fn text(&self, page: &Page) -> String {
        let several =
            self.0.iter().any(|row| self.0.first().is_some_and(|one| one.file != row.file));
        let mut columns = vec![
            Column::text("program", 0),
            Column::text("verdict", 0),
            Column::number("insns", 0),
            Column::number("states", 1),
            Column::number("peak", 4),
            Column::number("stack", 1),
            Column::number("time", 0),
            Column::number("xlated", 2),
            Column::number("jited", 3),
        ];
        columns.extend(several.then_some(Column::text("file", 0)));
        let mut rows = Vec::new();
        for row in &self.0 {
            let mut cells = vec![row.program.clone(), verdict(row.accepted())];
            let time = precise(Duration::from_micros(row.figures.usec));
            let figures = row.figures().into_iter().enumerate();
            cells.extend(figures.map(|(at, figure)| match at {
                TIME => time.clone(),
                _ => figure.to_string(),
            }));
            cells.push(row.file.clone());
            rows.push(cells);
        }
        let mut text = fitted(page, &columns, &rows).plain();
        for row in &self.0 {
            if let Some(error) = &row.error {
                let _ = writeln!(text, "\n{BAD}{}{BAD:#}: {error}", row.program);
            }
            if let Some(log) = &row.log {
                text.push_str(log);
            }
        }
        text
    }
}

/// Verdicts beside those of before.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Comparison(Vec<Compared>);

#[derive(Serialize)]
struct Compared {
    file: String,
    program: String,
    change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Judged>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Judged>,
}

/// What became of a program's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is what it was.
    Same,
    /// It was refused, and is taken.
    Better,
    /// It was taken, and is refused.
    Worse,
    /// The program was not there.
    New,
    /// The program is not there any more.
    Gone,
}

impl Comparison {
    /// Compares program by program.
    pub fn new(before: &VerifyReport, after: &VerifyReport) -> Self {
        let find = |list: &VerifyReport, row: &Judged| {
            list.0.iter().find(|one| one.program == row.program && one.file == row.file).cloned()
        };
        let mut rows: Vec<Compared> = after
            .0
            .iter()
            .map(|row| {
                let old = find(before, row);
                let change = match &old {
                    None => Change::New,
                    Some(old) if old.accepted() == row.accepted() => Change::Same,
                    Some(_) if row.accepted() => Change::Better,
                    Some(_) => Change::Worse,
                };
                let (file, program) = (row.file.clone(), row.program.clone());
                Compared { file, program, change, before: old, after: Some(row.clone()) }
            })
            .collect();
        let gone = before.0.iter().filter(|row| find(after, row).is_none());
        rows.extend(gone.map(|row| Compared {
            file: row.file.clone(),
            program: row.program.clone(),
            change: Change::Gone,
            before: Some(row.clone()),
            after: None,
        }));
        Self(rows)
    }

    /// The programs of which this became.
    pub fn of(&self, change: Change) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |row| row.change == change).map(|row| row.program.as_str())
    }

    /// Comma-separated, with a head.
    pub fn csv(&self) -> String {
        let pairs: Vec<String> =
            HEADS.iter().map(|head| format!("{head}_before,{head}_after")).collect();
        let mut text = format!("file,program,verdict_before,verdict_after,{}\n", pairs.join(","));
        for row in &self.0 {
            let verdict = |judged: &Option<Judged>| {
                judged.as_ref().map_or("", |judged| judged.verdict.as_str()).to_owned()
            };
            let mut cells = vec![quoted(&row.file), quoted(&row.program)];
            cells.extend([verdict(&row.before), verdict(&row.after)]);
            let figures = |judged: &Option<Judged>| judged.as_ref().map(Judged::figures);
            let (before, after) = (figures(&row.before), figures(&row.after));
            for at in 0..HEADS.len() {
                for side in [before, after] {
                    let figure = side.and_then(|figures| figures.get(at).copied());
                    cells.push(figure.map_or_else(String::new, |figure| figure.to_string()));
                }
            }
            let _ = writeln!(text, "{}", cells.join(","));
        }
        text
    }
}

impl Report for Comparison {
    fn text(&self, page: &Page) -> String {
        let heads = ["program", "verdict", "insns", "states", "stack", "xlated", "jited"];
        let mut table = Table::new(page, &heads).numbers(&[2, 3, 4, 5, 6]);
        for row in &self.0 {
            let change = match row.change {
                Change::Same => {
                    row.after.as_ref().map_or_else(String::new, |after| verdict(after.accepted()))
                }
                Change::Better => "ok, was REFUSED".to_owned(),
                Change::Worse => "REFUSED, was ok".to_owned(),
                Change::New => "new".to_owned(),
                Change::Gone => "gone".to_owned(),
            };
            let mut cells = vec![row.program.clone(), change];
            let figures = |judged: &Option<Judged>| judged.as_ref().map(Judged::figures);
            let (before, after) = (figures(&row.before), figures(&row.after));
            // Time is left out: it differs from run to run.
            for at in [0, 1, 3, 5, 6] {
                let figure = |side: Option<[u64; 7]>| side.and_then(|all| all.get(at).copied());
                cells.push(difference(figure(before), figure(after)));
            }
            table.row(cells);
        }
        let mut text = table.plain();
        for row in self.0.iter().filter(|row| row.change == Change::Worse) {
            if let Some(error) = row.after.as_ref().and_then(|after| after.error.as_ref()) {
                let _ = writeln!(text, "\n{BAD}{}{BAD:#}: {error}", row.program);
            }
        }
        for row in self.0.iter().filter(|row| row.change == Change::Better) {
            let _ = writeln!(text, "\n{GOOD}{}{GOOD:#} is taken now", row.program);
        }
        text
    }
}

/// A figure, and by how much it is another one.
fn difference(before: Option<u64>, after: Option<u64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) if before == after => after.to_string(),
        (Some(before), Some(after)) => {
            let by = i128::from(after) - i128::from(before);
            let percent = match before {
                0 => String::new(),
                before => format!(" {:+}%", by * 100 / i128::from(before)),
            };
            format!("{after} ({by:+}{percent})")
        }
        (_, Some(after)) => after.to_string(),
        (Some(before), None) => format!("({before})"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Comparison, Judged, VerifyReport, difference};

    fn judged(program: &str, insns: u64, accepted: bool) -> Judged {
        let mut judged = Judged::new("a.o".to_owned(), program);
        judged.figures.insns = insns;
        if !accepted {
            judged.refuse("no".to_owned());
        }
        judged
    }

    #[test]
    fn programs_are_compared_by_name() {
        let before =
            VerifyReport(vec![judged("a", 10, true), judged("b", 5, true), judged("c", 1, true)]);
        let after =
            VerifyReport(vec![judged("a", 12, true), judged("b", 5, false), judged("d", 1, true)]);
        let comparison = Comparison::new(&before, &after);
        assert_eq!(comparison.of(Change::Worse).collect::<Vec<_>>(), ["b"]);
        assert_eq!(comparison.of(Change::New).collect::<Vec<_>>(), ["d"]);
        assert_eq!(comparison.of(Change::Gone).collect::<Vec<_>>(), ["c"]);
        assert!(comparison.csv().contains("a.o,a,success,success,10,12,"));
        assert_eq!(difference(Some(10), Some(12)), "12 (+2 +20%)");
        let text = serde_json::to_string(&after).unwrap();
        let read: VerifyReport = serde_json::from_str(&text).unwrap();
        assert_eq!(read.0[1].error.as_deref(), Some("no"));
    }
}
