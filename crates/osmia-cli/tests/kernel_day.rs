//! What people do with the command on a usual day, one thing after the other.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::path::Path;
use std::process::Stdio;

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use serde_json::{Value, json};

use crate::beside::{osmia, osmia_json};
use crate::command::{Said, command};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_program_is_loaded_found_run_read_and_unloaded() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("day").path() else { return };
    let bpffs = Bpffs::new();
    let (programs, maps) = (bpffs.join("day"), bpffs.join("maps"));
    let load = ["prog", "loadall", text(&object), text(&programs), "pinmaps", text(&maps)];
    osmia(&load).done();
    let (entry, target) = (programs.join("entry"), programs.join("target"));
    let shown = osmia_json(&["prog", "show", "pinned", text(&entry)]);
    let (id, tag) = (shown["id"].to_string(), shown["tag"].as_str().unwrap().to_owned());
    assert_eq!(osmia_json(&["prog", "show", "id", &id])["name"], "entry");
    for by in [["tag", &tag], ["name", "entry"]] {
        // Others may have programs of this name, or have loaded the same.
        let found = osmia_json(&[&["prog", "show"][..], &by].concat());
        let rows = found.as_array().cloned().unwrap_or_else(|| vec![found]);
        assert!(rows.iter().any(|row| row["id"] == shown["id"]), "{by:?}");
    }

    // The same again: it has the same tag, and an id of its own.
    let again = bpffs.join("again");
    osmia(&["prog", "load", text(&object), text(&again)]).done();
    let second = osmia_json(&["prog", "show", text(&again)]);
    assert_eq!(second["tag"], shown["tag"]);
    assert_ne!(second["id"], shown["id"]);
    osmia(&["prog", "unload", text(&again)]).done();

    let listing = osmia(&["prog", "dump", "xlated", "id", &id, "linum"]).done();
    for part in ["half(", "twice(", "; packets++;", "map[id:", "; flows", "; packets", "line_num:"]
    {
        assert!(listing.contains(part), "{part}: {listing}");
    }
    jumps_are_taken(&entry, &target, &maps);
    values_have_names(&maps);

    osmia(&["prog", "unload", text(&programs), "--maps"]).done();
    assert_eq!(osmia(&["prog", "show", "pinned", text(&entry)]).code, Some(3));
}

/// A jump goes through a slot of a map, which is filled and emptied from the shell.
fn jumps_are_taken(entry: &Path, target: &Path, maps: &Path) {
    let verdict = |wanted: &str| {
        let run = ["prog", "run", text(entry), "data_in", "zeros:64", "--expect", wanted];
        osmia(&run).done();
    };
    let jumps = maps.join("jumps");
    let slot = ["map", "update", text(&jumps), "key", "1", "value", "pinned", text(target)];
    verdict("pass");
    osmia(&slot).done();
    verdict("drop");
    let id = osmia_json(&["prog", "show", text(target)])["id"].clone();
    let dump = osmia(&["map", "dump", text(&jumps)]).done();
    assert!(dump.contains(&format!("program {id} target")), "{dump}");
    osmia(&["map", "delete", text(&jumps), "key", "1"]).done();
    verdict("pass");
}

/// Three runs have left their marks in a map and in the variables.
fn values_have_names(maps: &Path) {
    assert_eq!(osmia(&["map", "count", text(&maps.join("flows"))]).done(), "1\n");
    let flows = osmia_json(&["map", "dump", text(&maps.join("flows"))]);
    let key = json!({ "from": 1, "port": 80, "tag": "web" });
    assert_eq!(flows[0]["formatted"]["key"], key);
    let pinned: Vec<String> = std::fs::read_dir(maps)
        .unwrap()
        .map(|entry| entry.unwrap().path().into_os_string().into_string().unwrap())
        .collect();
    let section = |name: &str| pinned.iter().find(|path| path.ends_with(name)).unwrap();
    let variables = osmia(&["map", "dump", section("_bss")]).done();
    let packets = variables.lines().find(|line| line.starts_with("packets")).unwrap();
    assert!(packets.ends_with(" 3"), "{variables}");
    let constants = osmia(&["map", "dump", section("_rodata")]).done();
    assert!(constants.lines().any(|line| line.starts_with("least") && line.ends_with(" 7")));
}

#[test]
fn messages_are_followed_by_program_and_process() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("day").bytes() else { return };
    let spec = osmia::open("day", bytes).unwrap();
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let id = |name: &str| object.program(name).unwrap().info().unwrap().id.to_string();
    let (entry, other, silent) = (id("entry"), id("other"), id("target"));
    let own = std::process::id().to_string();
    let follow = |words: &[&str]| -> Vec<Value> {
        let words = [&["-j", "trace", "--duration", "20s", "-n", "3"], words].concat();
        let mut child =
            command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            for name in ["entry", "other"] {
                object.program(name).unwrap().test_run(&TestRun::data(&[0; 64])).unwrap();
            }
            // Another process runs it too.
            osmia(&["prog", "run", "id", &entry, "data_in", "zeros:64"]).done();
        }
        let out = Said::of(child.wait_with_output().unwrap()).done();
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let message = |row: &Value| row["message"].as_str().unwrap().to_owned();
    let by = follow(&["--by", &other]);
    assert_eq!(by.len(), 3, "{by:?}");
    assert!(by.iter().all(|row| message(row) == "of the other: 1"), "{by:?}");
    let by = follow(&["--by", &entry, "--pid", &own]);
    assert!(by.iter().all(|row| message(row) == "a long packet: 13"), "{by:?}");
    // The lines tell threads; the process was asked for.
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let threads: Vec<String> =
        threads.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(by.iter().all(|row| threads.contains(&row["pid"].to_string())), "{by:?}");
    let said = osmia(&["trace", "--by", &silent]);
    assert!(said.failed().contains("does not call bpf_printk"));
    assert_eq!(osmia(&["trace", "--by", "no_such_program"]).code, Some(3));
}
