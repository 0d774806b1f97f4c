//! `docs/bpftool.md` has a row for every command of bpftool, and every row that is not left out is a command here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use osmia_testkit::skip;

use crate::command::{Said, command};

/// What the table says of each command.
fn rows() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bpftool.md");
    let text = fs::read_to_string(path).expect("the table is there");
    let cells = text.lines().filter_map(|line| {
        let (command, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((command.to_owned(), rest.split(" |").next()?.to_owned()))
    });
    cells.collect()
}

/// The commands of a noun, from bpftool's own help: `bpftool prog { show | list } [PROG]`.
fn told(help: &str, noun: &str) -> Vec<String> {
    let start = format!("bpftool {noun} ");
    let lines = help.lines().filter_map(|line| line.split_once(&start)).map(|(_, rest)| rest);
    let verbs = lines.flat_map(|rest| match rest.strip_prefix("{ ") {
        Some(choice) => choice.split(" }").next().unwrap_or_default().split(" | ").collect(),
        None => vec![rest.split(' ').next().unwrap_or_default()],
    });
    // `dump` has two kinds, which are rows of their own.
    verbs.filter(|verb| *verb != "help").map(|verb| format!("{noun} {verb}")).collect()
}

#[test]
fn every_command_of_bpftool_has_a_row() {
    let rows = rows();
    let nouns = [
        "prog",
        "map",
        "link",
        "cgroup",
        "perf",
        "net",
        "feature",
        "btf",
        "gen",
        "struct_ops",
        "iter",
    ];
    let mut seen = 0;
    for noun in nouns {
        let Ok(output) = Command::new("bpftool").args([noun, "help"]).output() else {
            skip::tool("bpftool is not installed");
            return;
        };
        let help = [output.stdout, output.stderr].concat();
        for told in told(&String::from_utf8_lossy(&help), noun) {
            let has = rows.keys().any(|row| *row == told || row.starts_with(&format!("{told} ")));
            assert!(has, "{told} has no row");
            seen += 1;
        }
    }
    assert!(seen >= 55, "{seen}");
}

#[test]
fn every_row_is_a_command_here() {
    let rows = rows();
    assert!(rows.len() >= 60, "{}", rows.len());
    for (row, state) in &rows {
        assert!(["same", "better", "left out"].contains(&state.as_str()), "{row}: {state}");
        let words: Vec<&str> =
            row.split(' ').filter(|word| !["xlated", "jited", "file"].contains(word)).collect();
        let said = Said::of(command(&words).arg("--help").output().expect("the command runs"));
        match state.as_str() {
            "left out" => {
                let said = Said::of(command(&words).arg("x.o").output().expect("the command runs"));
                assert!(said.failed_as(5).contains("osmia gen rust x.o"), "{row}");
            }
            _ => assert_eq!(said.code, Some(0), "{row}: {}", said.err),
        }
    }
}
