//! `osmia run` with several objects, with a view of what they cost, and without some programs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod command;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::command::{Said, command};

/// The two objects that these tests run, under names of their own.
struct Objects {
    _folder: tempfile::TempDir,
    paths: [String; 2],
}

fn objects() -> Option<Objects> {
    let closes = Fixture::at("examples/closes/src/bpf/closes.bpf.c").path()?;
    let run = Fixture::new("run").path()?;
    let folder = tempfile::tempdir().unwrap();
    let paths = [(run, "run.bpf.o"), (closes, "closes.o")].map(|(from, name)| {
        let path = folder.path().join(name);
        std::fs::copy(from, &path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    Some(Objects { _folder: folder, paths })
}

fn start(arguments: &[&str]) -> Child {
    let mut command = command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

/// What the command says while files are closed, which is what the programs trace.
fn run(arguments: &[&str]) -> Said {
    let mut child = start(arguments);
    while child.try_wait().expect("it can be waited for").is_none() {
        drop(File::open("/proc/self/stat"));
        thread::sleep(Duration::from_millis(10));
    }
    Said::of(child.wait_with_output().expect("its output can be read"))
}

/// The values under this key, in the order of the lines.
fn of_kind(out: &str, kind: &str) -> Vec<Value> {
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|mut line| line.get_mut(kind).map(Value::take)).collect()
}

#[test]
fn several_objects_are_told_apart() {
    let Some(_gate) = Gate::root() else { return };
    let Some(objects) = objects() else { return };
    let [first, second] = &objects.paths;
    let pid = std::process::id();
    let (one, other) = (format!("run:only_pid={pid}"), format!("closes:only_pid={pid}"));
    let sets = ["--set", &one, "--set", &other, "--set", "limits.least=9", "--set", "const_u32=12"];
    let files = ["--json", "run", first, second, "--duration", "600ms"];
    let out = run(&[&files[..], &sets, &["--event", "plain=other"]].concat()).done();
    let attached = of_kind(&out, "attached");
    let of = |object: &str| attached.iter().filter(|one| one["object"] == object).count();
    assert_eq!((of("run"), of("closes")), (1, 1), "{out}");
    assert!(of_kind(&out, "left_out").iter().any(|one| one["object"] == "closes"), "{out}");
    let events = of_kind(&out, "event");
    assert!(!events.is_empty() && events.iter().all(|event| event["object"] == "run"), "{out}");
    let messages = of_kind(&out, "printk");
    let has = |text: &str| messages.iter().any(|line| line["message"] == text);
    assert!(has(&format!("hello from {pid}")) && has("close: the constant is 12"), "{out}");
    let maps = of_kind(&out, "map");
    let seen = maps.iter().find(|map| map["name"] == "seen").unwrap();
    assert_eq!(
        (&seen["object"], &seen["entries"][0]["value"]["least"]),
        (&"run".into(), &9.into())
    );
    let variables = &of_kind(&out, "variables")[0];
    assert!(variables["run:closes"].as_u64() > Some(0), "{variables}");
    assert!(variables["closes:printed"].as_u64() > Some(0), "{variables}");
}

#[test]
fn names_that_several_objects_have_are_refused() {
    let Some(_gate) = Gate::root() else { return };
    let Some(objects) = objects() else { return };
    let [first, second] = &objects.paths;
    let failed = |arguments: &[&str], code: i32| {
        let files = ["run", first, second, "--duration", "1ms"];
        run(&[&files[..], arguments].concat()).failed_as(code)
    };
    let told = failed(&["--set", "only_pid=1"], 2);
    assert!(told.contains("in run and closes: say which, as run:only_pid"), "{told}");
    let told = failed(&["--set", "nothing=1"], 3);
    assert!(told.contains("no variable nothing in run or closes"), "{told}");
    let told = failed(&["--set", "runn:only_pid=1"], 3);
    assert!(told.contains("no object runn; did you mean run?"), "{told}");
    let told = failed(&["--without", "on_close"], 2);
    assert!(told.contains("run:on_close"), "{told}");
    let twice = run(&["run", first, first]).failed_as(2);
    assert!(twice.contains("two of the objects are called run"), "{twice}");
}

#[test]
fn what_cannot_be_attached_is_left_out_on_request() {
    let Some(_gate) = Gate::root() else { return };
    let Some(objects) = objects() else { return };
    let [object, _] = &objects.paths;
    let wrong = ["run", object, "--attach", "pass=nosuch0", "--duration", "1ms", "--no-maps"];
    let failed = run(&wrong).failed_as(3);
    assert!(failed.contains("--keep-going leaves out"), "{failed}");
    let out = run(&[&wrong[..], &["--keep-going"]].concat()).done();
    assert!(out.contains("attached on_close to "), "{out}");
    assert!(out.contains("not attached: pass: there is no interface `nosuch0`"), "{out}");
    let without = ["run", object, "--without", "on_close", "--duration", "1ms"];
    let failed = run(&without).failed();
    assert!(failed.contains("on_close: it is not loaded"), "{failed}");
    let failed = run(&["run", object, "--without", "on_clos"]).failed_as(3);
    assert!(failed.contains("did you mean on_close?"), "{failed}");
}

#[test]
fn callbacks_are_attached_with_their_table() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("congestion").path() else { return };
    let out = run(&["run", object.to_str().unwrap(), "--duration", "1ms", "--no-maps"]).done();
    assert!(out.contains("attached still to "), "{out}");
    assert!(!out.contains("not attached"), "{out}");
}

#[test]
fn costs_are_told_while_programs_run() {
    let Some(gate) = Gate::root() else { return };
    let Some(objects) = objects() else { return };
    let [object, _] = &objects.paths;
    let statistics = osmia_sys::Bpf::kernel().enable_stats(osmia_abi::StatsType::RUN_TIME).is_ok();
    if !gate.needs("counting by request", "5.8", statistics) {
        return;
    }
    let own = format!("only_pid={}", std::process::id());
    let mut child = start(&["--json", "run", object, "--set", &own, "--top", "--no-maps"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let top = loop {
        drop(File::open("/proc/self/stat"));
        let line: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
        if let Some(top) = line.get("top") {
            break top.clone();
        }
    };
    let programs = top["programs"].as_array().unwrap();
    let mut names: Vec<&str> =
        programs.iter().map(|program| program["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["leaving", "on_close", "pass", "through"], "those of this run alone");
    let row = programs.iter().find(|program| program["name"] == "on_close").unwrap();
    assert!(row["run_cnt"].as_u64() > Some(0), "{row}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(lines.all(|line| !line.is_empty()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
