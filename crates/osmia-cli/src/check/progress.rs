//! Where long work has got to, for those who wait at a terminal.

use std::io::{self, IsTerminal as _, Write as _};

/// A line on the standard error that each step overwrites; nothing if that is no terminal.
pub struct Progress {
    seen: bool,
}

impl Progress {
    /// Begins with an empty line.
    pub fn new() -> Self {
        Self { seen: io::stderr().is_terminal() }
    }

    /// Tells what is being done.
    pub fn step(&self, what: &str) {
        if self.seen {
            // Work goes on whether it is told or not.
            let _ = write!(io::stderr(), "\r\x1b[K{what}").and_then(|()| io::stderr().flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.step("");
    }
}
