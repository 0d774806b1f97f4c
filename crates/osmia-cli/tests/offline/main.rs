//! The command where it asks nothing of a kernel.

mod bpftool;
mod btf;
mod build;
mod check;
#[path = "../command/mod.rs"]
mod command;
mod link;
mod new;
mod obj;
mod odd;
mod run;
mod usage;

use std::ffi::OsStr;

use crate::command::{Said, command};

/// Runs the command with these arguments.
fn osmia<A: AsRef<OsStr>>(arguments: &[A]) -> Said {
    Said::of(command(arguments).output().expect("the command runs"))
}
