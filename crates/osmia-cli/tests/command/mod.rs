//! Running the command.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::ffi::OsStr;
use std::process::{Command, Output};

/// What a run of the command said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The command with these arguments.
pub fn command<A: AsRef<OsStr>>(arguments: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_osmia"));
    command.args(arguments);
    command
}

impl Said {
    /// What a run that is over has said.
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it printed, if it did what it was told.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        assert_eq!(self.err, "");
        self.out
    }

    /// Its complaint, if it failed for a reason without a code of its own: the one line on the standard error.
    #[track_caller]
    pub fn failed(self) -> String {
        self.failed_as(1)
    }

    /// Its complaint, if it failed with this exit code.
    #[track_caller]
    pub fn failed_as(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }
}
