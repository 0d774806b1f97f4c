//! What can be wrong with a value.

use std::fmt;

use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::path::PathError;

/// Why bytes are no value of a type, or text names none; says at which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    path: String,
    problem: Problem,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There are fewer bytes than the type takes.
    #[error("needs {need} bytes, there are {have}")]
    Short {
        /// Bytes up to the field's end.
        need: u64,
        /// Bytes that there are.
        have: u64,
    },
    /// The type has no values: a function, `void`, a forward declaration.
    #[error("type {id} ({kind}) has no values")]
    NoValues {
        /// The type.
        id: TypeId,
        /// Its kind.
        kind: Kind,
    },
    /// Types nest too deeply, or the value would be far longer as text than in bytes.
    #[error("nests too deeply, or stands for too much text")]
    TooMuch,
    /// The types themselves are broken.
    #[error(transparent)]
    Btf(#[from] Error),
    /// A path that leads nowhere.
    #[error(transparent)]
    Path(PathError),
    /// Text that cannot be read.
    #[error("at character {at}: {problem}")]
    Syntax {
        /// Where, counted from 0.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A number that the type cannot hold.
    #[error("{value} does not fit {ty}, which holds {least} to {most}")]
    Range {
        /// The number as it was given.
        value: String,
        /// The type in C.
        ty: String,
        /// The least that fits.
        least: i128,
        /// The most that fits.
        most: u128,
    },
    /// The wrong sort of value: a list for a number, say.
    #[error("{ty} takes {expected}, not {found}")]
    Mismatch {
        /// The type in C.
        ty: String,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// There is no such field, variable or enumerator.
    #[error("{ty} has no {name}{}", Known(known))]
    NoSuchName {
        /// The type in C.
        ty: String,
        /// What was asked for.
        name: String,
        /// Some of what there is.
        known: Vec<String>,
    },
    /// More elements or characters than there is room for.
    #[error("{count} do not fit {ty}")]
    TooMany {
        /// The type in C.
        ty: String,
        /// How many were given.
        count: usize,
    },
}

/// Part of a path.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl ValueError {
    /// The field, from the outside in: `addr.port`, `list[3]`; empty for the whole value.
    pub fn path(&self) -> &str {
        &self.inner.path
    }

    /// What is wrong there.
    pub fn problem(&self) -> &Problem {
        &self.inner.problem
    }

    /// The same error, seen from one level further out.
    pub(crate) fn within(mut self, step: Step<'_>) -> Self {
        let inner = std::mem::take(&mut self.inner.path);
        self.inner.path = match step {
            Step::Field(name) if inner.is_empty() || inner.starts_with('[') => {
                format!("{name}{inner}")
            }
            Step::Field(name) => format!("{name}.{inner}"),
            Step::Index(at) if inner.is_empty() || inner.starts_with('[') => {
                format!("[{at}]{inner}")
            }
            Step::Index(at) => format!("[{at}].{inner}"),
        };
        self
    }
}

impl<P: Into<Problem>> From<P> for ValueError {
    fn from(problem: P) -> Self {
        Self { inner: Box::new(Inner { path: String::new(), problem: problem.into() }) }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path().is_empty() {
            write!(f, "{}", self.problem())
        } else {
            write!(f, "{}: {}", self.path(), self.problem())
        }
    }
}

impl std::error::Error for ValueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(self.problem())
    }
}

/// What there is instead.
struct Known<'a>(&'a [String]);

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; it has {}", self.0.join(", ")) }
    }
}
