//! Where in a program something is.

use osmia_btf::Btf;
use osmia_object::{Line, LinkedProgram, Poisoned};

/// Where in a program something is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The function.
    pub function: String,
    /// The instruction's slot, from the program's start.
    pub insn: u32,
    /// The line of C, if the object tells.
    pub line: Option<SourceLine>,
}

/// A line of C.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// Its number.
    pub number: u32,
    /// Its text.
    pub text: String,
}

impl Place {
    /// The place of an instruction that asks for what is not there.
    pub(crate) fn of_poisoned(
        btf: Option<&Btf>,
        linked: &LinkedProgram,
        poisoned: &Poisoned,
    ) -> Self {
        let asked = |btf| line(btf, linked.poisoned_line(btf, poisoned)?);
        Self { line: btf.and_then(asked), ..Self::of(btf, linked, poisoned.at) }
    }

    /// The place of a slot of a linked program.
    pub(crate) fn of(btf: Option<&Btf>, linked: &LinkedProgram, slot: u32) -> Self {
        let function = linked.function_at(slot).map(|function| function.name.clone());
        Self {
            function: function.unwrap_or_default(),
            insn: slot,
            line: btf.and_then(|btf| line(btf, linked.line_at(slot)?)),
        }
    }
}

fn line(btf: &Btf, line: &Line) -> Option<SourceLine> {
    let info = line.info;
    let text = |at| btf.string(at).ok().map(|text| text.trim().to_owned());
    // Instructions that stand for no line of C have line 0.
    (info.line != 0).then_some(SourceLine {
        file: text(info.file)?,
        number: info.line,
        text: text(info.text)?,
    })
}
