//! Why programs and maps do not load, told once for all kernels and programs that they are true of.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use osmia_check::{Answer, Finding, Weight};

/// A reason, and whom it is true of.
struct Reason<'a> {
    finding: &'a Finding,
    /// `program x`, `map y`.
    subjects: Vec<String>,
    kernels: Vec<&'a str>,
}

const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const SOURCE: Style = AnsiColor::Cyan.on_default();

/// All reasons as text, the gravest first.
pub fn text(answers: &[&Answer]) -> String {
    let mut reasons = collect(answers);
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.finding.weight));
    reasons.iter().map(|reason| reason.text(answers.len())).collect()
}

fn collect<'a>(answers: &[&'a Answer]) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for &answer in answers {
        let programs = answer.programs.iter().map(|one| ("program", &one.name, &one.findings));
        let maps = answer.maps.iter().map(|one| ("map", &one.name, &one.findings));
        for (noun, name, findings) in programs.chain(maps) {
            for finding in findings {
                add(&mut reasons, finding, format!("{noun} {name}"), &answer.kernel);
            }
        }
    }
    reasons
}

fn add<'a>(reasons: &mut Vec<Reason<'a>>, finding: &'a Finding, subject: String, kernel: &'a str) {
    let found = reasons.iter_mut().find(|reason| reason.is(finding));
    let Some(reason) = found else {
        reasons.push(Reason { finding, subjects: vec![subject], kernels: vec![kernel] });
        return;
    };
    if !reason.subjects.contains(&subject) {
        reason.subjects.push(subject);
    }
    if !reason.kernels.contains(&kernel) {
        reason.kernels.push(kernel);
    }
}

impl Reason<'_> {
    /// Whether a finding says the same of the same line.
    fn is(&self, other: &Finding) -> bool {
        let line = |finding: &Finding| finding.place.as_ref().map(|place| place.line.clone());
        self.finding.weight == other.weight
            && self.finding.message == other.message
            && line(self.finding) == line(other)
    }

    /// The reason as text; `all` is how many kernels there are.
    fn text(&self, all: usize) -> String {
        let subjects = self.subjects.join(", ");
        let kernels = match self.kernels.len() {
            count if count == all && all > 1 => "any of them".to_owned(),
            _ => self.kernels.join(", "),
        };
        let head = match self.finding.weight {
            Weight::Refused if self.subjects.len() > 1 => {
                format!("{subjects} do not load on {kernels}")
            }
            Weight::Refused => format!("{subjects} does not load on {kernels}"),
            Weight::Unsure => format!("{subjects} may not load on {kernels}"),
            Weight::Note => format!("{subjects} on {kernels}"),
        };
        let mut text = format!("\n{HEAD}{head}{HEAD:#}\n");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}", self.finding.message);
        if let Some(place) = &self.finding.place {
            let _ = match &place.line {
                Some(line) => writeln!(
                    text,
                    "  {FAINT}in {} at {}:{}{FAINT:#} {SOURCE}{}{SOURCE:#}",
                    place.function, line.file, line.number, line.text
                ),
                None => writeln!(
                    text,
                    "  {FAINT}in {} at instruction {}{FAINT:#}",
                    place.function, place.insn
                ),
            };
        }
        for help in &self.finding.help {
            let _ = writeln!(text, "  help: {help}");
        }
        text
    }
}
