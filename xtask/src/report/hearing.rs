//! Listening to one test program.

use crate::{
    command::say,
    report::{Run, libtest::Tally},
};

/// What a test program said so far. What is worth showing of it is shown under its name.
pub(crate) struct Hearing {
    name: String,
    named: bool,
    /// Its tests' results.
    pub(crate) tally: Tally,
}

impl Hearing {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), named: false, tally: Tally::default() }
    }

    /// Takes a line of its output.
    pub(crate) fn take(&mut self, line: &str) {
        if self.tally.take(line) {
            self.show(line);
        }
    }

    /// Shows a line, after the program's name if it is the first.
    fn show(&mut self, line: &str) {
        if !self.named {
            say(&format!("-- {}", self.name));
            self.named = true;
        }
        say(line);
    }

    /// It is over, with a trouble that its tests did not tell of. Shows the result unless there was nothing to run.
    pub(crate) fn over(mut self, trouble: Option<String>) -> Run {
        let Tally { passed, failed, ignored, .. } = self.tally;
        if passed + failed + ignored > 0 || trouble.is_some() {
            self.show(&format!("   {passed} passed, {failed} failed, {ignored} ignored"));
        }
        if let Some(trouble) = &trouble {
            self.show(&format!("   {trouble}"));
        }
        Run { name: self.name, tally: self.tally, trouble }
    }
}
