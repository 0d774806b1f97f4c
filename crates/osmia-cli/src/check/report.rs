//! What was found out.

use anstyle::{AnsiColor, Style};
use osmia_check::{Answer, Finding, Verdict, Weight};
use serde::Serialize;

use crate::check::asked::Asked;
use crate::check::boot::verdict::{Booted, Said};
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
    asked: Vec<Asked>,
}

#[derive(Serialize)]
struct KernelRow {
    kernel: String,
    verdict: &'static str,
    programs: Vec<ItemRow>,
    maps: Vec<ItemRow>,
    /// What did not go well in the machine, if the kernel was booted.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<String>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    booted: Option<BootedRow>,
}

/// What the kernel itself said.
#[derive(Serialize)]
struct BootedRow {
    loads: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
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
    pub fn new(file: &ObjectFile, asked: Vec<Asked>) -> Self {
        Self {
            object: file.path.display().to_string(),
            loads: asked.iter().all(Asked::loads),
            kernels: asked.iter().map(kernel).collect(),
            asked,
        }
    }

    /// Whether the object would load everywhere.
    pub fn loads(&self) -> bool {
        self.loads
    }

    fn heads(&self) -> Vec<&str> {
        let mut heads = vec!["", ""];
        for asked in &self.asked {
            heads.push(&asked.answer.kernel);
            heads.extend(asked.booted.as_ref().map(|_| "booted"));
        }
        heads
    }

    /// The verdicts of all kernels on one program.
    fn programs(&self, table: &mut Table) {
        let Some(first) = self.asked.first() else { return };
        for (at, program) in first.answer.programs.iter().enumerate() {
            let left_out = if program.autoload { "" } else { " (not autoloaded)" };
            let mut cells = vec![program.name.clone(), format!("{}{left_out}", program.section)];
            for asked in &self.asked {
                cells.extend(asked.answer.programs.get(at).map(|program| cell(program.verdict())));
                let said = asked.booted.as_ref().map(|booted| booted.of(&program.name));
                cells.extend(said.map(booted_cell));
            }
            table.row(cells);
        }
    }

    /// The same of those maps that not all kernels have.
    fn maps(&self, table: &mut Table) {
        let Some(first) = self.asked.first() else { return };
        for (at, map) in first.answer.maps.iter().enumerate() {
            let maps = || self.asked.iter().filter_map(|asked| asked.answer.maps.get(at));
            if maps().all(|map| map.verdict() == Verdict::Loads) {
                continue;
            }
            let mut cells = vec![map.name.clone(), "map".to_owned()];
            for (asked, map) in self.asked.iter().zip(maps()) {
                cells.push(cell(map.verdict()));
                // It is created for the programs that use it.
                cells.extend(asked.booted.as_ref().map(|_| String::new()));
            }
            table.row(cells);
        }
    }
}

impl Report for CheckReport {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::as_written(page, &self.heads());
        self.programs(&mut table);
        self.maps(&mut table);
        let answers: Vec<&Answer> = self.asked.iter().map(|asked| &asked.answer).collect();
        let booted: String = self.asked.iter().map(Asked::text).collect();
        format!("{}{}{booted}", table.plain(), reasons::text(&answers))
    }
}

/// What a kernel itself said to a program; nothing if it was not asked.
fn booted_cell(said: Option<&Said>) -> String {
    match said {
        Some(said) if said.loads() => cell(Verdict::Loads),
        Some(_) => cell(Verdict::Refused),
        None => String::new(),
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

fn kernel(asked: &Asked) -> KernelRow {
    let Asked { answer, booted } = asked;
    let programs = answer.programs.iter().map(|program| ItemRow {
        name: program.name.clone(),
        section: Some(program.section.clone()),
        autoload: Some(program.autoload),
        verdict: word(program.verdict()),
        reasons: program.findings.iter().map(reason).collect(),
        booted: booted.as_ref().and_then(|booted| booted_row(booted, &program.name)),
    });
    let maps = answer.maps.iter().map(|map| ItemRow {
        name: map.name.clone(),
        section: None,
        autoload: None,
        verdict: word(map.verdict()),
        reasons: map.findings.iter().map(reason).collect(),
        booted: None,
    });
    KernelRow {
        kernel: answer.kernel.clone(),
        verdict: word(answer.verdict()),
        programs: programs.collect(),
        maps: maps.collect(),
        notes: booted.as_ref().map(|booted| booted.notes.clone()),
    }
}

fn booted_row(booted: &Booted, program: &str) -> Option<BootedRow> {
    let said = booted.of(program)?;
    Some(BootedRow { loads: said.loads(), error: said.error.clone() })
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
