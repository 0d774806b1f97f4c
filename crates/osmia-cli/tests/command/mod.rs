//! Running the command.

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

/// Runs the command with these arguments.
pub fn osmia<A: AsRef<OsStr>>(arguments: &[A]) -> Said {
    let Output { status, stdout, stderr } = command(arguments).output().expect("the command runs");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

impl Said {
    /// What it printed, if it did what it was told.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        assert_eq!(self.err, "");
        self.out
    }

    /// Its complaint, if it failed: the one line on the standard error.
    #[track_caller]
    pub fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }
}
