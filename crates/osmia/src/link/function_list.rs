//! Many functions, as people say which.

use crate::error::Error;

/// Functions of the kernel, by pattern or one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FunctionList {
    Patterns(Vec<String>),
    Names(Vec<String>),
}

impl FunctionList {
    pub(crate) fn pattern(pattern: impl Into<String>) -> Self {
        Self::Patterns(vec![pattern.into()])
    }

    pub(crate) fn names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Names(names.into_iter().map(Into::into).collect())
    }

    /// Whether there are functions at all, and cookies for each that is said by name, or for none.
    pub(crate) fn check(&self, found: &[String], cookies: &[u64]) -> Result<(), Error> {
        if found.is_empty() {
            return Err(Error::invalid("no function is said"));
        }
        let counts = matches!(self, Self::Names(_)) && cookies.len() == found.len();
        if cookies.is_empty() || counts {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{} cookies for {} functions: each function that is given by name takes one",
            cookies.len(),
            found.len()
        )))
    }

    /// How people call that place.
    pub(crate) fn place(&self, count: usize) -> String {
        match self {
            Self::Patterns(patterns) => {
                format!("{count} functions that fit {}", patterns.join(", "))
            }
            Self::Names(_) => format!("{count} functions"),
        }
    }
}
