//! `osmia run` on the running kernel.

mod command;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use osmia::{Kernel, Object, Program};
use osmia_sys::{Netlink, TcFilter, TcSide};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::guard::veth::{NEAR, Veth};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::command::{Said, command};

/// The path of the test's object.
fn object() -> Option<String> {
    let path = Fixture::new("run").path()?;
    Some(path.into_os_string().into_string().expect("paths of tests are UTF-8"))
}

/// Starts the command.
fn start(arguments: &[&str]) -> Child {
    let mut command = command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

/// Waits for the command, closing files all the while, which is what the programs trace.
fn wait(mut child: Child) -> Said {
    while child.try_wait().expect("it can be waited for").is_none() {
        close_a_file();
        thread::sleep(Duration::from_millis(10));
    }
    said(child)
}

fn said(child: Child) -> Said {
    Said::of(child.wait_with_output().expect("its output can be read"))
}

fn close_a_file() {
    drop(File::open("/proc/self/stat"));
}

fn this_process() -> String {
    format!("only_pid={}", std::process::id())
}

/// Asserts that no program of this name is loaded any more; kernels free programs a little later.
#[track_caller]
fn assert_gone(program: &str) {
    let kernel = Kernel::running().expect("there is a kernel");
    let there = || {
        let named = |found: Result<Program, _>| found.is_ok_and(|found| found.name() == program);
        Program::all(&kernel).any(named)
    };
    let end = Instant::now() + Duration::from_secs(5);
    while there() {
        assert!(Instant::now() < end, "{program} is still loaded");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The trace buffers that the command with this process id has made.
fn trace_buffers(pid: u32) -> usize {
    let instances = fs::read_dir("/sys/kernel/tracing/instances").into_iter().flatten().flatten();
    let own = format!("osmia-{pid}-");
    instances.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own)).count()
}

/// The values under this key, in the order of the lines.
fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter_map(|line| line.get(kind)).collect()
}

#[test]
fn everything_is_told_in_json() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let own = this_process();
    let sets =
        ["--set", &own, "--set", "mode=LOUD", "--set", "greeting=hi you", "--set", "odd=true"];
    let more = ["--set", "limits={\"least\": 5}", "--duration", "600ms", "--json"];
    let child = start(&[&["run", &object][..], &sets, &more].concat());
    let pid = child.id();
    let out = wait(child).done();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let attached = &of_kind(&lines, "attached")[0];
    assert_eq!(attached["program"], "on_close");
    assert_eq!(attached["to"], "tracepoint syscalls/sys_enter_close");
    let left_out = of_kind(&lines, "left_out")[0];
    assert_eq!(left_out["program"], "pass");
    assert!(left_out["why"].as_str().unwrap().contains("--attach pass=INTERFACE"), "{left_out}");

    let own_pid = std::process::id();
    let printed = of_kind(&lines, "printk");
    assert!(!printed.is_empty(), "{out}");
    for line in &printed {
        assert_eq!(line["message"], format!("hi you from {own_pid}"));
    }
    let events = |map: &str| -> Vec<&Value> {
        let events = of_kind(&lines, "event").into_iter().filter(|event| event["map"] == map);
        events.map(|event| &event["value"]).collect()
    };
    assert_eq!(events("typed")[0]["pid"], own_pid);
    assert_eq!(events("typed")[0]["mode"], "LOUD");
    let plain = events("plain");
    assert_eq!(plain[0]["count"], 1, "the type that C keeps has the event's size");
    assert_eq!(plain[1], "01000000000000", "no type has 7 bytes");
    let hint = of_kind(&lines, "note")[0].as_str().unwrap();
    assert!(hint.contains("--event plain=NAME"), "{hint}");

    let map =
        |name: &str| of_kind(&lines, "map").into_iter().find(|map| map["name"] == name).unwrap();
    let seen = &map("seen")["entries"][0];
    assert_eq!(seen["key"], own_pid);
    assert_eq!(seen["value"]["least"], 5);
    assert_eq!(seen["value"]["most"][1], 3, "what is not mentioned stays");
    let closes = of_kind(&lines, "variables")[0]["closes"].as_u64().unwrap();
    let per_cpu = map("per_cpu")["entries"][0]["per_cpu"].as_array().unwrap();
    assert_eq!(per_cpu.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), closes);
    assert_eq!(events("typed").len() as u64, closes);
    assert_eq!(printed.len() as u64, closes);

    assert_gone("on_close");
    assert_eq!(trace_buffers(pid), 0);
}

#[test]
fn c_is_compiled_and_text_is_for_people() {
    let Some(_gate) = Gate::root() else { return };
    if osmia_testkit::clang::Clang::DEFAULT.path().is_none() {
        return osmia_testkit::skip::tool("clang is not installed");
    }
    let source = osmia_testkit::tree::bpf_sources().join("run.bpf.c");
    let own = this_process();
    let arguments = ["run", source.to_str().unwrap(), "--set", &own, "--duration", "0.5"];
    let out = wait(start(&[&arguments[..], &["--event", "plain=struct other"]].concat())).done();
    let pid = std::process::id();
    for part in [
        "attached on_close to tracepoint syscalls/sys_enter_close\n".to_owned(),
        format!(": hello from {pid}\n"),
        format!("typed: {{ pid: {pid}, mode: QUIET, comm: "),
        "plain: { count: 1 }\n".to_owned(),
        "map seen (hash, 1 entry)\n".to_owned(),
        format!("  {pid}: {{ least: 1, most: [2, 3] }}\n"),
        "variables\n  closes = ".to_owned(),
    ] {
        assert!(out.contains(&part), "{part:?} in {out}");
    }
    assert!(!out.contains('\x1b'), "no colours where there is no terminal: {out}");
}

#[test]
fn signals_end_it_and_lines_come_at_once() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let own = this_process();
        let mut child = start(&["run", &object, "--set", &own, "--no-maps"]);
        let pid = child.id();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().starts_with("attached on_close"));
        close_a_file();
        // Without another thing to wake it, a single message is seen.
        assert!(lines.any(|line| line.contains(": hello from ")), "{signal:?}");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert!(lines.all(|line| !line.starts_with("map ")), "{signal:?}");
        assert_eq!(said(child).code, Some(0), "{signal:?}");
        assert_eq!(trace_buffers(pid), 0, "{signal:?}");
        assert_gone("on_close");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let mut child = start(&["run", &object, "--set", &this_process(), "--duration", "20s"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let begun = Instant::now();
    let said = wait(child);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_gone("on_close");
}

#[test]
fn a_killed_run_leaves_nothing_for_long() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let mut child = start(&["run", &object, "--set", &this_process()]);
    let pid = child.id();
    // Kept open: it would end by itself if nobody read what it prints.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_gone("on_close");
    wait(start(&["run", &object, "--duration", "1ms"])).done();
    assert_eq!(trace_buffers(pid), 0, "the next run removes its trace buffer");
}

#[test]
fn messages_of_others_are_left_out() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let Some(closes) = Fixture::at("examples/closes/src/bpf/closes.bpf.c").path() else { return };
    let own = this_process();
    let others = start(&["run", closes.to_str().unwrap(), "--set", &own, "--duration", "700ms"]);
    let ours = start(&["run", &object, "--set", &own, "--duration", "500ms"]);
    let (ours, others) = (wait(ours).done(), wait(others).done());
    assert!(ours.contains(": hello from "), "{ours}");
    assert!(!ours.contains("the constant is"), "{ours}");
    assert!(others.contains(": close: the constant is 50\n"), "{others}");
    assert!(!others.contains("hello from"), "{others}");
}

#[test]
fn xdp_is_attached_to_an_interface() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let Some(veth) = Veth::new() else { return };
    let target = format!("pass={NEAR}:generic");
    let arguments = ["run", &object, "--attach", &target, "--duration", "20s", "--no-maps"];
    let mut child = veth.near.enter(|| start(&arguments));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut out = String::new();
    let seen = AtomicBool::new(false);
    thread::scope(|scope| {
        // The first datagrams can be lost: the pair has just been set up.
        scope.spawn(|| {
            while !seen.load(Ordering::Relaxed) {
                veth.send_to_near(9, b"hello").unwrap();
                thread::sleep(Duration::from_millis(20));
            }
        });
        while !out.contains(": a packet of 47 bytes\n") {
            if stdout.read_line(&mut out).unwrap() == 0 {
                break;
            }
        }
        seen.store(true, Ordering::Relaxed);
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    stdout.read_to_string(&mut out).unwrap();
    assert_eq!(said(child).code, Some(0));
    assert!(out.contains(&format!("attached pass to XDP on interface {NEAR}\n")), "{out}");
    assert!(out.contains(": a packet of 47 bytes\n"), "{out}");
    assert!(!out.contains("not attached: pass"), "{out}");
    assert_gone("pass");
}

#[test]
fn classifiers_and_cgroup_programs_are_attached() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let Some(veth) = Veth::new() else { return };
    let cgroup = Cgroup::new();
    let target = format!("through={NEAR}:egress");
    let leaving = format!("leaving={}", cgroup.path().display());
    let arguments =
        ["run", &object, "--attach", &target, "--attach", &leaving, "--duration", "1ms"];
    let said = said(veth.near.enter(|| start(&arguments)));
    if !gate.needs("links to classifiers", "6.6", said.code == Some(0)) {
        return;
    }
    let out = said.done();
    assert!(out.contains("attached through to ") && out.contains(NEAR), "{out}");
    assert!(out.contains("attached leaving to "), "{out}");
    assert!(out.contains("not attached: pass: "), "{out}");
    assert_gone("through");
    assert_gone("leaving");
}

/// The number of a process that is no more.
fn dead_process() -> u32 {
    let child = command(&["version"]).stdout(Stdio::null()).spawn();
    let mut child = child.expect("the command starts");
    child.wait().expect("it can be waited for");
    child.id()
}

#[test]
fn what_a_killed_run_has_left_is_told_and_removed() {
    let Some(_gate) = Gate::root() else { return };
    let (Some(object), Some(hooks)) = (object(), Fixture::new("hooks").bytes()) else { return };
    let Some(veth) = Veth::new() else { return };
    let mut spec = osmia::open("hooks", hooks).unwrap();
    spec.programs.retain(|name, _| name == "tc_pass");
    let loaded = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    // As a run leaves it that had this number once, and began at another time than anybody who runs now.
    let (process, index) = (dead_process(), veth.near_index());
    let place = TcFilter { index, side: TcSide::Egress, priority: 7, handle: 3 };
    let name = format!("tc_pass osmia_{process}_{}", u64::MAX);
    veth.near.enter(|| {
        let netlink = Netlink::open().unwrap();
        netlink.add_clsact(index).unwrap();
        let program = loaded.program("tc_pass").unwrap();
        netlink.add_tc_filter(&place, program.fd().unwrap(), &name).unwrap();
    });
    let left = format!("left by process {process}, which is no more");
    let remedy = format!("`tc filter del dev {NEAR} egress prio 7 handle 0x3 bpf`");
    let told = |text: &str| {
        let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(whole.contains(&left) && whole.contains(&remedy), "{text}");
        assert!(whole.contains("osmia doctor --remove-leftovers"), "{text}");
    };
    let here = |arguments: &[&str]| veth.near.enter(|| said(start(arguments))).done();
    told(&here(&["run", &object, "--duration", "1ms", "--no-maps"]));
    told(&here(&["doctor", "--missing"]));
    assert!(!here(&["doctor", "--remove-leftovers"]).contains(&left));
    assert_eq!(here(&["net", "list", "dev", NEAR]), "no programs\n");
    assert!(!here(&["run", &object, "--duration", "1ms", "--no-maps"]).contains(&left));
}

#[test]
fn nothing_is_attached_if_one_target_is_wrong() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let arguments = ["run", &object, "--attach", "pass=nosuch0", "--duration", "1ms"];
    let failed = said(start(&arguments)).failed_as(3);
    assert!(failed.contains("there is no interface `nosuch0`"), "{failed}");
    let wrong = ["run", &object, "--attach", "on_close=syscalls/sys_enter_clos"];
    let failed = said(start(&wrong)).failed_as(3);
    assert!(failed.contains("did you mean `sys_enter_close`?"), "{failed}");
    assert_gone("on_close");
}

#[test]
fn a_refused_program_is_explained() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("refused").path() else { return };
    let object = object.to_str().unwrap();
    let failed = said(start(&["run", object, "--attach", "unchecked=x"])).failed();
    for part in ["load program `unchecked`", "return *value;"] {
        assert!(failed.contains(part), "{part} in {failed}");
    }
    // The verifier's words, and those it has for people since 7.3.
    let reasons = ["invalid mem access 'map_value_or_null'", "R0 may be NULL here"];
    assert!(reasons.iter().any(|reason| failed.contains(reason)), "{failed}");
    assert!(failed.trim_end().ends_with("--verifier-log shows it"), "{failed}");
    let whole = said(start(&["run", object, "--attach", "unchecked=x", "--verifier-log"]));
    assert_eq!(whole.code, Some(1));
    assert!(whole.err.contains("(85) call bpf_map_lookup_elem#1"), "{}", whole.err);
    assert!(!whole.err.contains("shows it"), "{}", whole.err);
}

#[test]
fn a_misspelt_section_is_told_with_what_was_meant() {
    let Some(_gate) = Gate::root() else { return };
    if osmia_testkit::clang::Clang::DEFAULT.path().is_none() {
        return osmia_testkit::skip::tool("clang is not installed");
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("odd.bpf.c");
    let c = "__attribute__((section(\"xpd\"), used)) int odd(void *ctx) { return 0; }\n";
    fs::write(&source, c).unwrap();
    let failed = said(start(&["run", source.to_str().unwrap()])).failed();
    assert!(failed.contains("`xpd`") && failed.contains("xdp"), "{failed}");
}

#[test]
fn without_rights_the_missing_one_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = object() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (program, copy) = (dir.path().join("osmia"), dir.path().join("run.bpf.o"));
    fs::copy(env!("CARGO_BIN_EXE_osmia"), &program).unwrap();
    fs::copy(&object, &copy).unwrap();
    for (path, mode) in [(dir.path(), 0o755), (&program, 0o755), (&copy, 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut command = Command::new(&program);
    let output = command.arg("run").arg(&copy).uid(65534).gid(65534).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("CAP_BPF") || told.contains("CAP_SYS_ADMIN"), "{told}");
}

/// The first mistake that people make.
#[test]
fn a_function_without_a_section_is_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("sectionless").path() else { return };
    let said = said(start(&["run", object.to_str().unwrap()])).failed();
    assert!(said.contains("plain: it has no SEC(\"...\") that says what it is for"), "{said}");
}
