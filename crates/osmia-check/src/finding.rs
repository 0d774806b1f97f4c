//! What a kernel lacks that an object wants.

use crate::place::Place;

/// One thing that a kernel lacks, or that its types do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What follows from it.
    pub weight: Weight,
    /// What kind of thing it is about.
    pub subject: Subject,
    /// What is missing, as a sentence.
    pub message: String,
    /// What may have been meant, and what to do.
    pub help: Vec<String>,
    /// Where in the program it is used.
    pub place: Option<Place>,
}

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// It loads, and something else than loading may fail.
    Note,
    /// Whether it loads depends on what a kernel's types do not tell.
    Unsure,
    /// It does not load.
    Refused,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// The object itself, whatever the kernel.
    Object,
    /// A type of programs.
    ProgramType,
    /// A way of attaching programs.
    AttachType,
    /// A function, tracepoint or hook to attach to.
    AttachTarget,
    /// A type of maps.
    MapType,
    /// A table of callbacks.
    StructOps,
    /// An instruction.
    Instruction,
    /// A helper function.
    Helper,
    /// A CO-RE relocation.
    Core,
    /// A variable or function of the kernel.
    Extern,
}

impl Subject {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::ProgramType => "program_type",
            Self::AttachType => "attach_type",
            Self::AttachTarget => "attach_target",
            Self::MapType => "map_type",
            Self::StructOps => "struct_ops",
            Self::Instruction => "instruction",
            Self::Helper => "helper",
            Self::Core => "core",
            Self::Extern => "extern",
        }
    }
}

impl Finding {
    pub(crate) fn new(weight: Weight, subject: Subject, message: impl Into<String>) -> Self {
        Self { weight, subject, message: message.into(), help: Vec::new(), place: None }
    }

    pub(crate) fn refused(subject: Subject, message: impl Into<String>) -> Self {
        Self::new(Weight::Refused, subject, message)
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn help(mut self, help: impl IntoIterator<Item = String>) -> Self {
        self.help.extend(help);
        self
    }
}
