//! Listening to one test program.

use crate::{
    command::say,
    report::{Run, libtest::Tally},
};

/// What a test program said so far. What is worth showing of it is shown under its name.
pub(crate) struct Hearing {
    name: String,
    named: bool,
    /// What is to be shown when it is over, where it is not shown as it comes.
    kept: Option<Vec<String>>,
    tally: Tally,
}

impl Hearing {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), named: false, kept: None, tally: Tally::default() }
    }

    /// For one of several that are listened to at the same time: shown in one piece when it is over.
    pub(crate) fn kept(name: &str) -> Self {
        Self { kept: Some(Vec::new()), ..Self::new(name) }
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
            self.put(format!("-- {}", self.name));
            self.named = true;
        }
        self.put(line.to_owned());
    }

    fn put(&mut self, line: String) {
        match &mut self.kept {
            Some(kept) => kept.push(line),
            None => say(&line),
        }
    }

    /// It ended by itself, well or not, as `status` says. Trouble is what its tests did not tell of.
    pub(crate) fn ended(self, well: bool, status: &str) -> Run {
        let trouble = match (well, self.tally.failed, self.tally.results) {
            (true, 0, 0) => Some("it told no result of any test".to_owned()),
            (false, 0, _) => Some(format!("{status}, though no test failed")),
            _ => None,
        };
        self.over(trouble)
    }

    /// It did not end by itself.
    pub(crate) fn broken(self, trouble: String) -> Run {
        self.over(Some(trouble))
    }

    /// Shows the result, unless there was nothing to run.
    fn over(mut self, trouble: Option<String>) -> Run {
        let Tally { passed, failed, ignored, .. } = self.tally;
        if passed + failed + ignored > 0 || trouble.is_some() {
            self.show(&format!("   {passed} passed, {failed} failed, {ignored} ignored"));
        }
        if let Some(trouble) = &trouble {
            self.show(&format!("   {trouble}"));
        }
        if let Some(kept) = self.kept.as_ref().filter(|kept| !kept.is_empty()) {
            say(&kept.join("\n"));
        }
        Run { name: self.name, tally: self.tally, trouble }
    }
}

#[cfg(test)]
mod tests {
    use super::Hearing;

    fn after(lines: &[&str]) -> Hearing {
        let mut hearing = Hearing::new("a test of tests");
        for line in lines {
            hearing.take(line);
        }
        hearing
    }

    #[test]
    fn a_program_without_results_is_in_trouble() {
        assert!(after(&[]).ended(true, "exit status: 0").trouble.is_some());
        assert!(
            after(&["test result: ok. 0 passed; 0 failed"])
                .ended(true, "exit status: 0")
                .trouble
                .is_none()
        );
    }

    #[test]
    fn a_bad_end_is_told_once() {
        let passed = ["test result: ok. 1 passed; 0 failed"];
        assert!(after(&passed).ended(false, "signal: 6").trouble.is_some());
        let failed = ["test result: FAILED. 1 passed; 1 failed"];
        assert!(after(&failed).ended(false, "exit status: 101").trouble.is_none());
        assert!(after(&failed).broken("not done".to_owned()).trouble.is_some());
    }
}
