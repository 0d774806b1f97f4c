//! What osmia does besides: judging, watching, perf events, iterators, batches.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;
mod schema;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use osmia::{Error, ErrorKind, Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::skip;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::beside::{bpftool, osmia, osmia_json, same_keys};
use crate::command::{Said, command};
use crate::schema::Schema;

/// The kernel's second thread, whose number is the same everywhere.
const KTHREADD: u32 = 2;

fn path(fixture: &str) -> Option<String> {
    Some(Fixture::new(fixture).path()?.into_os_string().into_string().unwrap())
}

fn load(fixture: &str) -> Option<Object> {
    let spec = osmia::open(fixture, Fixture::new(fixture).bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
}

#[test]
fn programs_are_judged_and_compared_with_before() {
    let Some(_gate) = Gate::root() else { return };
    let (Some(good), Some(bad)) = (path("places"), path("refused")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let said = osmia(&["-j", "prog", "verify", &good]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let judged = json_of(&said);
    let rows = judged.as_array().unwrap();
    assert!(rows.iter().all(|row| row["verdict"] == "success"), "{judged}");
    let xdp = rows.iter().find(|row| row["program"] == "on_packet").unwrap();
    assert!(xdp["insns"].as_u64() > Some(1) && xdp["xlated"].as_u64() > Some(1), "{xdp}");
    let before = folder.path().join("before.json");
    let before = before.to_str().unwrap();
    fs::write(before, &said.out).unwrap();
    osmia(&["prog", "verify", &good, "--compare", before]).done();

    let said = osmia(&["-j", "prog", "verify", &bad, "--all"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let judged = json_of(&said);
    let first = &judged[0];
    assert_eq!(first["verdict"], "failure");
    assert!(first["error"].as_str().unwrap().contains("the verifier refused it"), "{first}");

    // What was taken before is refused now.
    let text = said.out.replace("\"failure\"", "\"success\"");
    fs::write(before, text).unwrap();
    let said = osmia(&["-j", "prog", "verify", &bad, "--all", "--compare", before]);
    assert_eq!(said.code, Some(1));
    assert_eq!(json_of(&said)[0]["change"], "worse");
    assert!(said.err.contains("refuses what it took before"), "{}", said.err);
    let csv = osmia(&["prog", "verify", &good, "--csv"]).done();
    assert!(csv.starts_with("file,program,verdict,insns,"), "{csv}");
}

#[test]
fn what_programs_cost_is_watched() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("places") else { return };
    let program = object.program("on_raw_tracepoint").unwrap();
    let _link = program.attach().unwrap();
    let said = osmia(&["-j", "prog", "top", "--count", "2", "--interval", "200ms"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let pictures: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(pictures.len(), 2);
    let id = json!(program.info().unwrap().id);
    let rows = pictures[1]["programs"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == id).unwrap();
    assert!(row["runs_per_second"].as_f64() > Some(0.0), "{row}");
    assert!(row["ns_per_run"].as_u64() > Some(0), "{row}");
}

#[test]
fn some_time_passes_between_looks() {
    for verb in [&["prog", "top"][..], &["map", "watch", "x"]] {
        let none = osmia(&[verb, &["--interval", "0"]].concat());
        assert!(none.failed_as(2).contains("some time must pass"), "{verb:?}");
    }
}

#[test]
fn watching_ends_with_a_signal() {
    let Some(_gate) = Gate::root() else { return };
    let mut child = command(&["prog", "top"]).stdout(Stdio::piped()).spawn().unwrap();
    // What it prints first says that it is on its feet.
    let mut printed = BufReader::new(child.stdout.take().unwrap());
    printed.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let began = Instant::now();
    let status = child.wait().unwrap();
    assert!(status.success() && began.elapsed() < Duration::from_secs(5), "{status}");
}

#[test]
fn perf_events_are_listed_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("places") else { return };
    let programs = ["on_tracepoint", "on_raw_tracepoint"];
    let _links = programs.map(|name| object.program(name).unwrap().attach().unwrap());
    let Ok(theirs) = Command::new("bpftool").args(["-j", "perf", "show"]).output() else {
        skip::tool("bpftool is not installed");
        return;
    };
    let theirs: Value = serde_json::from_slice(&theirs.stdout).unwrap();
    let ours = json_of(&osmia(&["-j", "perf", "show"]));
    let pid = json!(std::process::id());
    let own = |rows: &Value| -> Vec<Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.filter(|row| row["pid"] == pid).cloned().collect()
    };
    let (ours, theirs) = (own(&ours), own(&theirs));
    assert!(!theirs.is_empty(), "{theirs:?}");
    for row in &theirs {
        let same = ours.iter().find(|found| found["fd"] == row["fd"]).unwrap();
        for (key, value) in row.as_object().unwrap() {
            assert_eq!(same[key], *value, "{key}: {same}");
        }
    }
    let raw = ours.iter().find(|row| row["fd_type"] == "raw_tracepoint").unwrap();
    assert_eq!(raw["tracepoint"], "sys_enter");
}

#[test]
fn iterators_are_run_and_pinned() {
    let Some(_gate) = Gate::root() else { return };
    let Some(file) = path("link_events") else { return };
    let bpffs = Bpffs::new();
    let pin = bpffs.join("tasks");
    osmia(&["iter", "pin", &file, pin.to_str().unwrap()]).done();
    let pair = |pid: u32| [pid.to_ne_bytes(), pid.to_ne_bytes()].concat();
    let has = |bytes: &[u8]| bytes.chunks(8).any(|ids| ids == pair(KTHREADD));
    assert!(has(&fs::read(&pin).unwrap()));
    let ran = command(&["iter", "run", &file]).output().unwrap();
    assert!(has(&ran.stdout), "{}", String::from_utf8_lossy(&ran.stderr));
    let Some(none) = path("runs") else { return };
    let said = osmia(&["iter", "run", &none]);
    assert!(said.code == Some(3) && said.err.contains("has no iterator"), "{}", said.err);
}

#[test]
fn what_programs_print_to_their_streams_is_followed() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("streams").bytes() else { return };
    let spec = osmia::open("streams", bytes).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let lacking = |error: &Error| {
        matches!(
            error.kind(),
            ErrorKind::Unsupported { .. } | ErrorKind::NotFound | ErrorKind::Verifier
        )
    };
    let Some(object) = gate.take("streams of programs", "6.17", loaded, lacking) else { return };
    // Weak functions are nobody's on kernels that run such programs already.
    let stream = object.program("to_stdout").unwrap().stdout();
    if gate.take("streams of programs", "6.17", stream, lacking).is_none() {
        return;
    }
    let ids = ["to_stdout", "to_stderr"].map(|name| {
        let program = object.program(name).unwrap();
        (program.test_run(&TestRun::new()).unwrap().retval as i32, program.info().unwrap().id)
    });
    if ids.iter().any(|(printed, _)| *printed == -rustix::io::Errno::NOMEM.raw_os_error()) {
        skip::whole("what programs print: the kernel has no memory for it (ENOMEM)");
        return;
    }
    let [(0, out), (0, err)] = ids else { panic!("{ids:?}") };
    let (first, second) = (out.to_string(), err.to_string());
    let both = ["trace", "--prog", &first, "--prog", &second, "--duration", "10s"];
    let said = osmia(&[&both[..], &["--json", "-n", "2"]].concat()).done();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |id: u32, name: &str, stream: &str, message: &str| json!({ "id": id, "name": name, "stream": stream, "message": message });
    let want = [
        line(out, "to_stdout", "stdout", "number 1"),
        line(err, "to_stderr", "stderr", "number 2"),
    ];
    assert_eq!(lines, want);
    let again = ["trace", "--prog", &first, "--duration", "10ms"];
    assert_eq!(osmia(&again).done(), "", "it was taken out");
    let wrong = osmia(&["trace", "--prog", &first, "--pid", "1"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}

#[test]
fn batches_stop_at_the_first_failure() {
    let Some(_gate) = Gate::root() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("batch");
    fs::write(&file, "# first\nversion\nprog show id 4294967295\nversion\n").unwrap();
    let file = file.to_str().unwrap();
    let said = osmia(&["batch", "file", file]);
    assert_eq!((said.code, said.out.lines().count()), (Some(3), 1));
    assert!(said.err.contains("line 3: there is no program with the id"), "{}", said.err);
    let said = osmia(&["-j", "batch", "file", file]);
    assert_eq!(said.code, Some(3));
    let done = json_of(&said);
    assert_eq!(done.as_array().unwrap().len(), 2);
    assert_eq!(done[0]["output"]["version"], env!("CARGO_PKG_VERSION"));
    drop(File::open(file).unwrap());
}

#[test]
fn a_closed_pipe_is_quiet() {
    let Some(_gate) = Gate::root() else { return };
    let mut child = command(&["-p", "prog", "top", "-a", "--interval", "10ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
}

#[test]
fn tables_of_callbacks_are_registered_to_stay() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = path("struct_ops") else { return };
    let said = osmia(&["struct_ops", "register", &object]);
    if !gate.needs("links of struct_ops", "6.4", !said.err.contains("create it")) {
        return;
    }
    assert_eq!(said.code, Some(2), "a table by link wants a folder: {}{}", said.out, said.err);
    let bpffs = Bpffs::new();
    let folder = bpffs.join("tables").into_os_string().into_string().unwrap();
    let made = json_of(&osmia(&["-j", "struct_ops", "register", &object, &folder]));
    let row = |name: &str| {
        let rows = made.as_array().unwrap().iter();
        rows.clone().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{made}")).clone()
    };
    assert_eq!(row("shy")["kernel_struct_ops"], "tcp_congestion_ops");
    let id = row("shy")["id"].to_string();
    let listed = json_of(&osmia(&["-j", "struct_ops", "show", "id", &id]));
    assert_eq!(listed["name"], "shy");
    let schema = Schema::read();
    schema.admits("struct-ops", &listed);
    schema.holds("struct-ops-list", "struct_ops list");
    schema.holds("struct-ops-dump", &format!("struct_ops dump id {id}"));
    let dumped = osmia(&["struct_ops", "dump", "id", &id]).done();
    assert!(dumped.contains("osmia_shy") && dumped.contains("shy_init (program "), "{dumped}");
    // What it prints of a single one is no JSON.
    if let Some(all) = bpftool(&["struct_ops", "dump"]) {
        let ours = osmia_json(&["struct_ops", "dump", "id", &id]);
        let all = all.as_array().unwrap();
        let at = all.iter().position(|part| part["bpf_map_info"]["id"] == listed["id"]);
        let theirs = &all[at.unwrap()..];
        // Kernels before 6.18 have no hash of maps to tell.
        same_keys(&ours[0]["bpf_map_info"], &theirs[0]["bpf_map_info"], &["hash", "hash_size"]);
        assert_eq!(ours[1], theirs[1]);
        let theirs = bpftool(&["struct_ops", "show", "id", &id]).unwrap();
        assert_eq!(listed, theirs);
    }
    osmia(&["struct_ops", "unregister", "id", &id]).done();
    fs::remove_file(row("linked")["pinned"].as_str().unwrap()).unwrap();
    for verb in ["show", "dump", "unregister"] {
        let none = osmia(&["struct_ops", verb, "name", "shyy"]).failed_as(3);
        assert!(none.contains("there is no table of callbacks with the name shyy"), "{none}");
    }
    let left = fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control").unwrap();
    assert!(!left.contains("osmia_shy"), "{left}");
}
