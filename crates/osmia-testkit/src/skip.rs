//! Skips: said aloud, and counted.
//!
//! Each skip is one line on standard error (past the test harness's capture) and, where the environment variable
//! `OSMIA_SKIPS` names a file, one line in it: extent, test binary, test, reason, separated by tabs.

use std::{
    env,
    fmt::{self, Write as _},
    fs::OpenOptions,
    io::{self, Write as _},
    panic::Location,
    str::FromStr,
    thread,
};

/// The environment variable that names the file skips are appended to.
pub const FILE: &str = "OSMIA_SKIPS";
/// The environment variable that turns a skip for want of a tool into a failure when it is `1`.
pub const STRICT: &str = "OSMIA_STRICT";

/// How much of a test was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The test as a whole.
    Whole,
    /// One of the things that it tries, such as one of several compilers.
    Part,
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Part => "part",
        })
    }
}

/// One skip, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// How much was left out.
    pub extent: Extent,
    /// The test binary's name.
    pub binary: String,
    /// The test's name.
    pub test: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}\t{}\t{}", self.extent, self.binary, self.test, self.reason)
    }
}

impl FromStr for Skip {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut fields = line.splitn(4, '\t');
        let mut field = || fields.next().ok_or_else(|| format!("not a skip: {line:?}"));
        let extent = match field()? {
            "whole" => Extent::Whole,
            "part" => Extent::Part,
            _ => return Err(format!("not a skip: {line:?}")),
        };
        Ok(Self {
            extent,
            binary: field()?.to_owned(),
            test: field()?.to_owned(),
            reason: field()?.to_owned(),
        })
    }
}

/// Says and counts that the running test leaves off here.
#[track_caller]
pub fn whole(reason: impl fmt::Display) {
    record(Extent::Whole, &reason);
}

/// Says and counts that the running test leaves out a part of its work and goes on.
#[track_caller]
pub fn part(reason: impl fmt::Display) {
    record(Extent::Part, &reason);
}

/// Says and counts that the running test leaves off for want of a tool.
///
/// # Panics
/// With `OSMIA_STRICT=1`: there the tools are taken to be installed.
#[track_caller]
pub fn tool(reason: impl fmt::Display) {
    assert!(!strict(), "{reason} ({STRICT}=1 makes a missing tool a failure)");
    record(Extent::Whole, &reason);
}

/// Whether a missing tool is a failure.
pub fn strict() -> bool {
    env::var_os(STRICT).is_some_and(|value| value == "1")
}

#[track_caller]
fn record(extent: Extent, reason: &dyn fmt::Display) {
    let skip = Skip {
        extent,
        binary: binary(),
        test: test(Location::caller()),
        reason: one_line(&reason.to_string()),
    };
    let said = writeln!(io::stderr(), "SKIP {} {}: {}", skip.binary, skip.test, skip.reason);
    let written = append(&skip);
    if let Err(error) = said.and(written) {
        panic!("a skip could not be counted: {error}");
    }
}

fn append(skip: &Skip) -> io::Result<()> {
    let Some(path) = env::var_os(FILE) else { return Ok(()) };
    let mut line = String::new();
    // Writing to a string cannot fail, and the file takes the line in one piece, so lines of parallel tests do not mix.
    let _ = writeln!(line, "{skip}");
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line.as_bytes())
}

/// The test binary's name, without the hash that Cargo puts behind it.
fn binary() -> String {
    let path = env::current_exe().unwrap_or_default();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => stem,
    }
}

/// The running test's name: its thread's, or where it called from if it runs on the main thread.
fn test(caller: &Location<'_>) -> String {
    match thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", caller.file(), caller.line()),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Extent, Skip, binary};

    #[test]
    fn a_line_reads_back() {
        let skip = Skip {
            extent: Extent::Part,
            binary: "kernel_maps".to_owned(),
            test: "ring::drains".to_owned(),
            reason: "no clang-19".to_owned(),
        };
        assert_eq!(skip.to_string().parse(), Ok(skip));
        assert!("whole\tkernel_maps".parse::<Skip>().is_err());
        assert!("half\ta\tb\tc".parse::<Skip>().is_err());
    }

    #[test]
    fn the_binary_has_no_hash() {
        assert_eq!(binary(), "osmia_testkit");
    }
}
