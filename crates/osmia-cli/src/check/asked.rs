//! What a kernel's types say, and the kernel itself.

use std::fmt::Write as _;

use anstyle::Style;
use osmia_check::{Answer, ProgramAnswer, Verdict};

use crate::check::boot::verdict::Booted;

const HEAD: Style = Style::new().bold();

/// What a kernel's types say, and the kernel itself if it was booted.
pub struct Asked {
    /// Its types.
    pub answer: Answer,
    /// The kernel itself.
    pub booted: Option<Booted>,
}

impl Asked {
    /// Whether the object would load as it is; what a kernel itself says counts more than its types.
    pub fn loads(&self) -> bool {
        let Some(booted) = &self.booted else { return self.answer.verdict() != Verdict::Refused };
        let mut programs = self.answer.programs.iter().filter(|program| program.autoload);
        programs.all(|program| says(booted, program))
    }

    /// What the kernel itself said, as text.
    pub fn text(&self) -> String {
        let (Some(booted), kernel) = (&self.booted, &self.answer.kernel) else {
            return String::new();
        };
        let mut text = String::new();
        for program in &self.answer.programs {
            let (name, verdict) = (&program.name, program.verdict());
            let Some(said) = booted.of(name) else { continue };
            // Writing to a string cannot fail.
            let _ = match (said.loads(), verdict) {
                (true, Verdict::Refused) => writeln!(
                    text,
                    "\n{HEAD}program {name} was loaded by {kernel}{HEAD:#}, though its types speak \
                     against it"
                ),
                (true, _) => continue,
                (false, _) => {
                    let error = said.error.as_deref().unwrap_or("it did not say why");
                    writeln!(
                        text,
                        "\n{HEAD}program {name} was refused by {kernel}{HEAD:#}\n  {error}"
                    )
                }
            };
        }
        for note in &booted.notes {
            let _ = writeln!(text, "\nnote: {kernel}: {note}");
        }
        text
    }
}

fn says(booted: &Booted, program: &ProgramAnswer) -> bool {
    match booted.of(&program.name) {
        Some(said) => said.loads(),
        None => program.verdict() != Verdict::Refused,
    }
}
