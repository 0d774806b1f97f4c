//! The kinds of failure.

use std::fmt;

/// What kind of failure an [`Error`](crate::Error) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// This kernel cannot do it.
    Unsupported {
        /// What it lacks.
        feature: &'static str,
        /// The first release that has it; distributions may have carried it back.
        since: Release,
    },
    /// The process may not do it.
    Permission,
    /// The verifier refused a program; see [`Error::verifier`](crate::Error::verifier).
    Verifier,
    /// What was named does not exist.
    NotFound,
    /// What was to be made is there already.
    Exists,
    /// An argument, a setting or a spec is wrong.
    Invalid,
    /// The bytes of an object or of BTF are wrong.
    Malformed,
    /// Somebody else uses it.
    Busy,
    /// A map has no room left.
    Full,
    /// A signal came first.
    Interrupted,
    /// Anything else that the system answered.
    System,
}

/// A kernel release by its two leading numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Release {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Release {
    /// The release `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
