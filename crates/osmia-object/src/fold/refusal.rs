//! Why a constant cannot be folded.

use osmia_abi::FuncId;

use crate::error::Error;
use crate::extern_spec::ExternKind;
use crate::fold::held::Place;
use crate::fold::step::Constants;
use crate::linked_program::LinkedProgram;
use crate::object_spec::ObjectSpec;

/// A use of a constant's address that is no plain load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    /// The slot of the instruction.
    pub at: usize,
    /// What it has the address of.
    pub place: Place,
    pub how: Use,
}

/// What an address is used for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    Arithmetic,
    Beyond,
    Compared,
    Helper(i32),
    Other,
    Passed,
    Returned,
    Stored,
    Unclear,
    Variable,
    Written,
}

impl Refused {
    #[cold]
    pub fn error(
        self,
        program: &LinkedProgram,
        object: &ObjectSpec,
        constants: &Constants,
    ) -> Error {
        let at = u32::try_from(self.at).unwrap_or(u32::MAX);
        error(
            program,
            object,
            at,
            (constants.section(self.place), self.place.offset.into()),
            self.how,
        )
    }
}

/// The error of a use of the variable at a place of a section.
#[cold]
pub(super) fn error(
    program: &LinkedProgram,
    object: &ObjectSpec,
    at: u32,
    (section, offset): (&str, i64),
    how: Use,
) -> Error {
    let function = program.function_at(at).map_or(&program.name, |function| &function.name);
    Error::Fold {
        variable: variable(object, section, offset),
        program: program.name.clone(),
        function: function.clone(),
        place: line(program, object, at),
        problem: how.said(),
    }
}

impl Use {
    fn said(self) -> String {
        match self {
            Self::Arithmetic => {
                "it is indexed by a number that only the running program knows".to_owned()
            }
            Self::Beyond => "it is read beyond the end of its section".to_owned(),
            Self::Compared => "its address is compared".to_owned(),
            Self::Helper(helper) => {
                let name = u32::try_from(helper).ok().and_then(|id| FuncId(id).name());
                match name {
                    Some(name) => format!("its address is handed to the helper {name}"),
                    None => format!("its address is handed to the helper {helper}"),
                }
            }
            Self::Other => "its address is used by an unusual instruction".to_owned(),
            Self::Passed => "its address is passed to a function of the kernel".to_owned(),
            Self::Returned => "its address is returned".to_owned(),
            Self::Stored => "its address is stored in memory".to_owned(),
            Self::Unclear => "whether it is read here depends on the path to this line".to_owned(),
            Self::Variable => "it is no constant".to_owned(),
            Self::Written => "it is written to".to_owned(),
        }
    }
}

/// The name of what lies at a place.
fn variable(object: &ObjectSpec, section: &str, offset: i64) -> String {
    let inside = |start: u32, size: u32| {
        let start = i64::from(start);
        (start..start + i64::from(size)).contains(&offset)
    };
    let mut variables = object.variables.values();
    if let Some(found) = variables.find(|v| v.map == section && inside(v.offset, v.size)) {
        return found.name.clone();
    }
    let config = object.externs.values().find(|found| match found.kind {
        ExternKind::Kconfig { offset, size } => section == ".kconfig" && inside(offset, size),
        _ => false,
    });
    match config {
        Some(found) => found.name.clone(),
        None => format!("{section}+{offset}"),
    }
}

/// The line of C of a slot.
fn line(program: &LinkedProgram, object: &ObjectSpec, at: u32) -> String {
    let place = program.line_at(at).zip(object.btf.as_ref()).map(|(line, btf)| {
        let text = |at| btf.string(at).unwrap_or("?");
        format!("{}:{}: {}", text(line.info.file), line.info.line, text(line.info.text).trim())
    });
    place.unwrap_or_else(|| format!("instruction {at}"))
}
