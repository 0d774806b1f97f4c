//! What was found out.

use anstyle::{AnsiColor, Style};
use osmia_check::{Answer, Finding, Verdict, Weight};
use serde::Serialize;

use crate::check::reasons;
use crate::object_file::ObjectFile;
use crate::report::{Page, Report};
use crate::table::Table;

/// A table of kernels and programs, and reasons.
#[derive(Serialize)]
pub struct CheckReport {
    object: String,
    loads: bool,
    kernels: Vec<KernelRow>,
    #[serde(skip)]
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct KernelRow {
    kernel: String,
    verdict: &'static str,
    programs: Vec<ItemRow>,
    maps: Vec<ItemRow>,
}

#[derive(Serialize)]
struct ItemRow {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    autoload: Option<bool>,
    verdict: &'static str,
    reasons: Vec<ReasonRow>,
}

#[derive(Serialize)]
struct ReasonRow {
    weight: &'static str,
    about: &'static str,
    message: String,
    help: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceRow>,
}

#[derive(Serialize)]
struct PlaceRow {
    function: String,
    insn: u32,
    file: Option<String>,
    line: Option<u32>,
    text: Option<String>,
}

impl CheckReport {
    /// What kernels said to an object.
    pub fn new(file: &ObjectFile, answers: Vec<Answer>) -> Self {
        Self {
            object: file.path.display().to_string(),
            loads: answers.iter().all(|answer| answer.verdict() != Verdict::Refused),
            kernels: answers.iter().map(kernel).collect(),
            answers,
        }
    }

    fn heads(&self) -> Vec<&str> {
        ["", ""].into_iter().chain(self.answers.iter().map(|one| one.kernel.as_str())).collect()
    }

    /// The verdicts of all kernels on one program.
    fn programs(&self, table: &mut Table) {
        let Some(first) = self.answers.first() else { return };
        for (at, program) in first.programs.iter().enumerate() {
            let left_out = if program.autoload { "" } else { " (not autoloaded)" };
            let verdicts = self.answers.iter().filter_map(|answer| answer.programs.get(at));
            let cells = verdicts.map(|program| cell(program.verdict()));
            let head = [program.name.clone(), format!("{}{left_out}", program.section)];
            table.row(head.into_iter().chain(cells));
        }
    }

    /// The same of those maps that not all kernels have.
    fn maps(&self, table: &mut Table) {
        let Some(first) = self.answers.first() else { return };
        for (at, map) in first.maps.iter().enumerate() {
            let verdicts = self.answers.iter().filter_map(|answer| answer.maps.get(at));
            let verdicts: Vec<Verdict> = verdicts.map(osmia_check::MapAnswer::verdict).collect();
            if verdicts.iter().any(|&verdict| verdict != Verdict::Loads) {
                let head = [map.name.clone(), "map".to_owned()];
                table.row(head.into_iter().chain(verdicts.into_iter().map(cell)));
            }
        }
    }
}

impl Report for CheckReport {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::as_written(page, &self.heads());
        self.programs(&mut table);
        self.maps(&mut table);
        format!("{}{}", table.plain(), reasons::text(&self.answers))
    }
}

fn cell(verdict: Verdict) -> String {
    let style: Style = match verdict {
        Verdict::Loads => AnsiColor::Green.on_default(),
        Verdict::Unsure => AnsiColor::Yellow.on_default(),
        Verdict::Refused => AnsiColor::Red.on_default(),
    };
    format!("{style}{}{style:#}", word(verdict))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Loads => "loads",
        Verdict::Unsure => "unsure",
        Verdict::Refused => "no",
    }
}

fn kernel(answer: &Answer) -> KernelRow {
    let programs = answer.programs.iter().map(|program| ItemRow {
        name: program.name.clone(),
        section: Some(program.section.clone()),
        autoload: Some(program.autoload),
        verdict: word(program.verdict()),
        reasons: program.findings.iter().map(reason).collect(),
    });
    let maps = answer.maps.iter().map(|map| ItemRow {
        name: map.name.clone(),
        section: None,
        autoload: None,
        verdict: word(map.verdict()),
        reasons: map.findings.iter().map(reason).collect(),
    });
    KernelRow {
        kernel: answer.kernel.clone(),
        verdict: word(answer.verdict()),
        programs: programs.collect(),
        maps: maps.collect(),
    }
}

fn reason(finding: &Finding) -> ReasonRow {
    let place = finding.place.as_ref().map(|place| PlaceRow {
        function: place.function.clone(),
        insn: place.insn,
        file: place.line.as_ref().map(|line| line.file.clone()),
        line: place.line.as_ref().map(|line| line.number),
        text: place.line.as_ref().map(|line| line.text.clone()),
    });
    ReasonRow {
        weight: match finding.weight {
            Weight::Note => "note",
            Weight::Unsure => "unsure",
            Weight::Refused => "refused",
        },
        about: finding.subject.word(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        place,
    }
}
