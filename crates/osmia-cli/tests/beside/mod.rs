//! The command beside bpftool, on the same kernel.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::process::Command;

use osmia_testkit::skip;
use serde_json::Value;

use crate::command::{Said, command};

/// What the command says.
pub fn osmia(arguments: &[&str]) -> Said {
    Said::of(command(arguments).output().expect("the command runs"))
}

/// What the command prints as JSON.
#[track_caller]
pub fn osmia_json(arguments: &[&str]) -> Value {
    let out = osmia(&[&["-j"], arguments].concat()).done();
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// What bpftool prints as JSON; nothing, and a counted skip, if it is not installed.
pub fn bpftool(arguments: &[&str]) -> Option<Value> {
    let Ok(output) = Command::new("bpftool").arg("-j").args(arguments).output() else {
        skip::tool("bpftool is not installed");
        return None;
    };
    let out = String::from_utf8(output.stdout).expect("it prints UTF-8");
    Some(serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
}

/// Asserts that every key of theirs is there with the same value, and that nothing else is but
/// what is listed.
#[track_caller]
pub fn same_keys(ours: &Value, theirs: &Value, more: &[&str]) {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_else(|| panic!("{value}"));
    let (ours, theirs) = (object(ours), object(theirs));
    for (key, value) in &theirs {
        let nothing = value.as_array().is_some_and(Vec::is_empty);
        assert!(nothing || ours.get(key) == Some(value), "{key}: {ours:?} {theirs:?}");
    }
    for key in ours.keys() {
        assert!(theirs.contains_key(key) || more.contains(&key.as_str()), "{key}: {ours:?}");
    }
}
