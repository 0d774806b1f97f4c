//! What came of it all.

pub(crate) mod hearing;
pub(crate) mod libtest;
mod skips;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use osmia_testkit::{
    skip::{Extent, Skip},
    tree,
};

use crate::{command::say, report::libtest::Tally};

/// One test program's run.
pub(crate) struct Run {
    /// What was run.
    pub(crate) name: String,
    /// What its tests said.
    pub(crate) tally: Tally,
    /// What went wrong beside the tests.
    pub(crate) trouble: Option<String>,
}

impl Run {
    /// How many of its tests were run, or left out by name.
    fn tests(&self) -> usize {
        self.tally.passed + self.tally.failed + self.tally.ignored
    }

    /// Its ignored tests, as skips.
    fn ignored(&self) -> impl Iterator<Item = Skip> + '_ {
        self.tally.ignorances.iter().map(|(test, reason)| Skip {
            extent: Extent::Whole,
            binary: self.name.clone(),
            test: test.clone(),
            reason: reason.clone(),
        })
    }
}

/// Everything that ran, and how it went.
pub(crate) struct Report {
    started: Instant,
    skip_file: PathBuf,
    runs: Vec<Run>,
    failed_steps: Vec<String>,
    skips: Vec<Skip>,
    /// Things left out that are no tests, or whole programs of tests.
    left_out: Vec<Skip>,
    /// The machines that were booted for tests, and how long each took.
    machines: Vec<(String, Duration)>,
}

impl Report {
    pub(crate) fn new() -> Result<Self> {
        let folder = tree::target().join("osmia");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let skip_file = folder.join(format!("skips-{}", process::id()));
        Ok(Self {
            started: Instant::now(),
            skip_file,
            runs: Vec::new(),
            failed_steps: Vec::new(),
            skips: Vec::new(),
            left_out: Vec::new(),
            machines: Vec::new(),
        })
    }

    /// Where the tests are to write their skips.
    pub(crate) fn skip_file(&self) -> &Path {
        &self.skip_file
    }

    /// Takes a step that runs no test; `None` if it failed.
    pub(crate) fn step<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Option<T> {
        let started = Instant::now();
        say(&format!("-- {name}"));
        match step() {
            Ok(value) => {
                say(&format!("   done in {} s", started.elapsed().as_secs()));
                Some(value)
            }
            Err(error) => {
                say(&format!("   failed: {error:#}"));
                self.failed_steps.push(name.to_owned());
                None
            }
        }
    }

    /// Adds a test program's run.
    pub(crate) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Adds a skip that a test told by another way than the file.
    pub(crate) fn add_skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    /// Notes that the tests of this machine, whose names start with its own, are over.
    pub(crate) fn add_machine(&mut self, title: &str, took: Duration) {
        self.machines.push((title.to_owned(), took));
    }

    /// Counts something as skipped that was not even begun.
    pub(crate) fn leave_out(&mut self, what: &str, which: &str, reason: &str) {
        say(&format!("SKIP {what}, {which}: {reason}"));
        self.left_out.push(Skip {
            extent: Extent::Whole,
            binary: what.to_owned(),
            test: which.to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// Adds a failure if nothing was run although only a part was asked for.
    pub(crate) fn expect_tests(&mut self, filter: Option<&str>) {
        if let (Some(filter), 0) = (filter, self.runs.iter().map(Run::tests).sum()) {
            self.failed_steps.push(format!("no test has {filter:?} in its name"));
        }
    }

    /// Says how it went, the closing line last.
    pub(crate) fn finish(mut self) -> Result<ExitCode> {
        self.take_skip_file().with_context(|| self.skip_file.display().to_string())?;
        self.say_skips();
        self.say_failures();
        self.say_machines();
        say(&format!("-- all done in {} s", self.started.elapsed().as_secs()));
        let (passed, failed, skipped) = self.totals();
        say(&format!("{passed} passed, {failed} failed, {skipped} skipped"));
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn take_skip_file(&mut self) -> io::Result<()> {
        self.skips.extend(skips::read(&self.skip_file)?);
        match fs::remove_file(&self.skip_file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Passed, failed, skipped. A failed step counts as a failed test.
    fn totals(&self) -> (usize, usize, usize) {
        let (passed, failed, skipped) = self.tests_of("");
        (passed, failed + self.failed_steps.len(), skipped + self.left_out.len())
    }

    /// Passed, failed, skipped, of the test programs whose names start so. A test that skipped itself did not pass, though
    /// the harness says so.
    fn tests_of(&self, start: &str) -> (usize, usize, usize) {
        let runs: Vec<&Run> = self.runs.iter().filter(|run| run.name.starts_with(start)).collect();
        let sum =
            |count: fn(&Tally) -> usize| runs.iter().map(|run| count(&run.tally)).sum::<usize>();
        let skipped = skips::whole(self.skips.iter().filter(|skip| skip.binary.starts_with(start)));
        let troubles = runs.iter().filter(|run| run.trouble.is_some()).count();
        (
            sum(|tally| tally.passed).saturating_sub(skipped),
            sum(|tally| tally.failed) + troubles,
            sum(|tally| tally.ignored) + skipped,
        )
    }

    fn say_machines(&self) {
        if !self.machines.is_empty() {
            say("-- by machine");
        }
        for (title, took) in &self.machines {
            let (passed, failed, skipped) = self.tests_of(&format!("{title}: "));
            let seconds = took.as_secs();
            say(&format!(
                "   {title}: {passed} passed, {failed} failed, {skipped} skipped, in {seconds} s"
            ));
        }
    }

    fn say_skips(&self) {
        let ignored = self.runs.iter().flat_map(Run::ignored);
        let all: Vec<Skip> =
            self.skips.iter().chain(&self.left_out).cloned().chain(ignored).collect();
        if !all.is_empty() {
            say("-- skipped");
            for line in skips::table(&all) {
                say(&line);
            }
        }
    }

    fn say_failures(&self) {
        let steps = self.failed_steps.iter().map(|step| format!("   {step}"));
        let runs = self.runs.iter().flat_map(|run| {
            let tests = run.tally.failures.iter().map(|test| format!("   {}: {test}", run.name));
            tests.chain(run.trouble.iter().map(|trouble| format!("   {}: {trouble}", run.name)))
        });
        let failures: Vec<String> = steps.chain(runs).collect();
        if !failures.is_empty() {
            say("-- failed");
            for line in failures {
                say(&line);
            }
        }
    }
}
