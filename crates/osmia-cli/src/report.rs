//! What a verb has found.

use serde::Serialize;

/// What a verb has found: data for programs, and text for people.
pub trait Report: Serialize {
    /// The text, with its last line break. It may have colours; they are taken out where
    /// they are not wanted.
    fn text(&self, page: &Page) -> String;
}

/// What text is printed on.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many columns there are; as many as wanted if it is no terminal.
    pub width: Option<usize>,
}
