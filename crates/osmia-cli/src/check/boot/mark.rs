//! The lines that a machine writes beside its answers.

use std::fmt;

/// What they begin with.
const HEAD: &str = "osmia-guest: ";

/// A line beside the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// All was asked.
    Done,
    /// Something did not go well.
    Note(&'a str),
}

impl<'a> Mark<'a> {
    /// The mark that a line is.
    pub fn read(line: &'a str) -> Option<Self> {
        match line.strip_prefix(HEAD)? {
            "done" => Some(Self::Done),
            note => Some(Self::Note(note)),
        }
    }
}

impl fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "{HEAD}done"),
            Self::Note(note) => write!(f, "{HEAD}{}", note.replace('\n', " ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn marks_are_read_as_they_are_written() {
        for mark in [Mark::Done, Mark::Note("module x: no")] {
            assert_eq!(Mark::read(&mark.to_string()), Some(mark));
        }
        assert_eq!(Mark::read("[{\"program\":\"x\"}]"), None);
    }
}
