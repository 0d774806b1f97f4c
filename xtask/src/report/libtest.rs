//! What Rust's test harness prints.

/// What the harness of one test program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
    /// Tests marked `#[ignore]`.
    pub(crate) ignored: usize,
    /// Their names, and why they are ignored.
    pub(crate) ignorances: Vec<(String, String)>,
    /// The names of those that failed.
    pub(crate) failures: Vec<String>,
    /// How many results were told: one by a program, one by each crate's documentation tests.
    pub(crate) results: usize,
}

impl Tally {
    /// Takes a line into account, and tells whether it is worth showing: all is but single successes and empty lines.
    pub(crate) fn take(&mut self, line: &str) -> bool {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.take_result(result);
            return false;
        }
        let Some((name, outcome)) = verdict(line) else { return !is_chatter(line) };
        if outcome == "FAILED" {
            self.failures.push(name.to_owned());
        } else if let Some(reason) = outcome.strip_prefix("ignored") {
            let reason = format!("marked #[ignore]{}", reason.replace(", ", ": "));
            self.ignorances.push((name.to_owned(), reason));
        }
        outcome == "FAILED"
    }

    fn take_result(&mut self, result: &str) {
        self.results += 1;
        let (_, counts) = result.split_once(". ").unwrap_or(("", result));
        for count in counts.split("; ") {
            match count.split_once(' ').map(|(number, what)| (number.parse::<usize>(), what)) {
                Some((Ok(number), "passed")) => self.passed += number,
                Some((Ok(number), "failed")) => self.failed += number,
                Some((Ok(number), "ignored")) => self.ignored += number,
                _ => (),
            }
        }
    }
}

/// `test NAME ... ok`, also with `- should panic` after the name.
fn verdict(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let known = ["ok", "FAILED", "ignored"].iter().any(|word| outcome.starts_with(word));
    known.then(|| (name.trim_end_matches(" - should panic"), outcome))
}

fn is_chatter(line: &str) -> bool {
    let running =
        line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test"));
    line.trim().is_empty() || running || line.starts_with("all doctests ran in ")
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn results_add_up() {
        let mut tally = Tally::default();
        let lines = [
            "running 3 tests",
            "test a::b ... ok",
            "test c - should panic ... FAILED",
            "test d ... ignored, not here",
            "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s",
        ];
        let shown: Vec<_> = lines.iter().filter(|line| tally.take(line)).collect();
        assert_eq!(shown, [&lines[2]]);
        assert_eq!((tally.passed, tally.failed, tally.ignored, tally.results), (5, 1, 1, 2));
        assert_eq!(tally.failures, ["c"]);
        let ignored = ("d".to_owned(), "marked #[ignore]: not here".to_owned());
        assert_eq!(tally.ignorances, [ignored]);
    }

    #[test]
    fn what_a_test_prints_is_shown() {
        let mut tally = Tally::default();
        assert!(tally.take("thread 'a' panicked at src/a.rs:1:1:"));
        assert!(tally.take("test of the emergency system"));
        assert!(!tally.take(""));
        assert_eq!(tally, Tally::default());
    }
}
