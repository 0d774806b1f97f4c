//! Help, wrong usage, and readers that go away.

use std::process::Stdio;

use osmia_testkit::fixture::Fixture;

use crate::command::command;
use crate::osmia;

#[test]
fn help_is_one_page() {
    let help = osmia(&["--help"]).done();
    assert!(help.lines().count() <= 55, "{help}");
    assert!(help.contains("\n  obj "), "{help}");
    assert!(help.contains("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found"), "{help}");
}

#[test]
fn wrong_usage_is_told_with_code_2() {
    let said = osmia(&["obj", "frobnicate"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("'frobnicate'"), "{}", said.err);
    let said = osmia(&["obj", "shwo"]);
    assert!(said.err.contains("show"), "{}", said.err);
    let said = osmia(&["--json", "obj", "frobnicate"]);
    assert_eq!(said.code, Some(2));
    let error: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("frobnicate"), "{error}");
    assert_eq!(osmia::<&str>(&[]).code, Some(2));
}

#[test]
fn words_of_bpftool_are_understood() {
    let help = osmia(&["prog", "--help"]).done();
    assert_eq!(osmia(&["prog", "help"]).done(), help);
    assert_eq!(osmia(&["help", "prog"]).done(), help);
    assert_eq!(osmia(&["help"]).done(), osmia(&["--help"]).done());
    assert!(osmia(&["prog", "dump", "xlated", "--help"]).done().contains("opcodes"));
    osmia(&["-d", "--legacy", "-m", "-n", "-j", "version"]).done();
    assert!(osmia(&["-L", "prog", "load", "x.o"]).failed_as(5).contains("-L: loader programs"));
    let said = osmia(&["--json", "--sign", "prog", "load", "x.o"]);
    let error: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("--sign"), "{error}");
}

#[test]
fn verbs_may_be_shortened() {
    let Some(object) = Fixture::new("calls").path() else { return };
    let object = object.to_str().unwrap();
    assert_eq!(osmia(&["ob", "s", object]).done(), osmia(&["obj", "show", object]).done());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let Some(object) = Fixture::new("calls").path() else { return };
    let mut child = command(&["obj", "dump", object.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}
