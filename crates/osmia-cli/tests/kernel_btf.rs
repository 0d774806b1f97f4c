//! `osmia btf` on what the running kernel holds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use osmia::{Kernel, Object};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::tree;
use serde_json::Value;

use crate::beside::{bpftool, osmia_json, same_keys};
use crate::command::{Said, command};

fn osmia(arguments: &[&str]) -> String {
    Said::of(command(arguments).output().expect("the command runs")).done()
}

#[test]
fn a_loaded_object_is_listed_and_dumped() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("run").path() else { return };
    let mut run = command(&["run", object.to_str().unwrap()]);
    let mut run = run.stdout(Stdio::piped()).spawn().unwrap();
    // Kept open: it ends when nobody reads what it prints.
    let mut stdout = BufReader::new(run.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();

    let list: Vec<Value> = serde_json::from_str(&osmia(&["btf", "list", "--json"])).unwrap();
    let of_object = |id: u64| {
        // What other tests left goes a moment later: it is listed, and not there any more.
        let raw = command(&["btf", "dump", &id.to_string(), "--format", "raw"]).output();
        let raw = Said::of(raw.expect("the command runs")).out;
        raw.contains("STRUCT 'limits' size=8 vlen=2") && raw.contains("FUNC 'on_close'")
    };
    // Of what another test has just left the maps may be there a moment longer than the programs.
    let is_used = |row: &Value| row["prog_ids"].as_array().is_some_and(|ids| !ids.is_empty());
    let ours = list.iter().find(|row| {
        row["kernel"] == false && is_used(row) && of_object(row["id"].as_u64().unwrap())
    });
    let ours = ours.cloned();
    run.kill().unwrap();
    run.wait().unwrap();

    let kernel = list.iter().find(|row| row["name"] == "vmlinux");
    if gate.part_needs("an id of the kernel's own BTF", "5.11", kernel.is_some()) {
        assert!(kernel.unwrap()["size"].as_u64().unwrap() > 1 << 20);
    }
    let ours = ours.unwrap_or_else(|| panic!("{list:?}"));
    assert!(!ours["map_ids"].as_array().unwrap().is_empty(), "{ours}");
}

#[test]
fn the_running_kernel_is_the_usual_source() {
    let Some(_gate) = Gate::root() else { return };
    let shown = osmia(&["btf", "show", "list_head"]);
    assert!(shown.contains("struct list_head *next;") && shown.contains("size: 16"), "{shown}");
    assert_eq!(shown, osmia(&["btf", "show", "struct list_head", "/sys/kernel/btf/vmlinux"]));
    let found = osmia(&["btf", "find", "tcp_connect", "--kind", "func", "--json"]);
    assert!(found.contains("int tcp_connect(struct sock *"), "{found}");
    let header = osmia(&["btf", "dump", "--root", "pid_t"]);
    assert!(header.contains("typedef __kernel_pid_t pid_t;"), "{header}");
    assert_eq!(osmia(&["btf", "diff", "vmlinux", "vmlinux", "task_struct"]), "");
}

#[test]
fn objects_need_little_of_a_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("core").path() else { return };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("min.btf");
    let out = out.to_str().unwrap();
    let said = osmia(&["btf", "min", object.to_str().unwrap(), "-o", out, "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["bytes"], std::fs::metadata(out).unwrap().len());
    assert!(said["bytes"].as_u64().unwrap() < 1000, "{said}");
    let shown = osmia(&["btf", "show", "task_struct", out]);
    assert!(shown.contains(" tgid;") && shown.contains("members: 2"), "{shown}");
    // It is all that the programs need, and nothing that others do.
    let verify = ["prog", "verify", "--kernel-btf", out];
    osmia(&[&verify[..], &[object.to_str().unwrap()]].concat());
    let Some(other) = Fixture::new("core_iter").path() else { return };
    let other = [other.to_str().unwrap(), "--program", "unguarded"];
    let refused = command(&[&verify[..], &other].concat()).output().unwrap();
    let refused = Said::of(refused);
    assert!(refused.code == Some(1) && refused.out.contains("struct iov_iter"), "{}", refused.out);
}

#[test]
fn absent_ids_are_told() {
    let Some(_gate) = Gate::root() else { return };
    let output = command(&["btf", "dump", "4000000000"]).output().unwrap();
    let failed = Said::of(output).failed_as(3);
    assert!(
        failed.contains("there is no BTF with the id 4000000000; `osmia btf list`"),
        "{failed}"
    );
}

/// Follows pointers to structs that it does not name, and calls a function by a macro's name for it.
const CHAIN: &str = r#"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#define PASTE(a, b) a##b
char LICENSE[] SEC("license") = "GPL";
enum bpf_map_type kind = BPF_MAP_TYPE_RINGBUF;
SEC("raw_tp/sched_process_exec") int f(struct bpf_raw_tracepoint_args *ctx)
{
	struct PASTE(task_, struct) *task = (void *)ctx->args[0];
	__u64 *from = (void *)&task->mm->exe_file->f_pos, to;
	bpf_probe_read_kernel(&to, sizeof(to), from);
	return to;
}
"#;

#[test]
fn a_c_file_needs_little_of_vmlinux_h() {
    let Some(_gate) = Gate::root() else { return };
    if osmia_testkit::clang::Clang::DEFAULT.path().is_none() {
        return osmia_testkit::skip::tool("clang is not installed");
    }
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name).into_os_string().into_string().unwrap();
    std::fs::write(place("chain.bpf.c"), CHAIN).unwrap();
    let events = tree::root().join("examples/events/src/bpf/events.bpf.c");
    let whole = osmia(&["gen", "vmlinux"]).lines().count();
    for source in [&place("chain.bpf.c"), events.to_str().unwrap()] {
        let full = place("full.o");
        osmia(&["build", source, "-o", &full]);
        let made = osmia(&["gen", "vmlinux", "--for", source, "-o", &place("vmlinux.h"), "-j"]);
        let made: Value = serde_json::from_str(&made).unwrap();
        let lines = usize::try_from(made["lines"].as_u64().unwrap()).unwrap();
        assert!(lines < whole / 20, "{source}: {lines} lines of {whole}");
        let less = place("less.o");
        osmia(&["build", source, "-o", &less, "-I", &place("")]);
        let code =
            |object: &str| osmia(&["obj", "dump", object]).split_once('\n').unwrap().1.to_owned();
        assert_eq!(code(&full), code(&less), "{source}");
        std::fs::remove_file(place("vmlinux.h")).unwrap();
    }
}

#[test]
fn single_types_of_vmlinux_h_can_be_had() {
    let Some(_gate) = Gate::root() else { return };
    let header = osmia(&["gen", "vmlinux", "--type", "struct list_head"]);
    assert!(header.contains("struct list_head {\n\tstruct list_head *next;"), "{header}");
    assert_eq!(header, osmia(&["gen", "vmlinux", "/sys/kernel/btf/vmlinux", "-t", "list_head"]));
    let output = command(&["gen", "vmlinux", "--type", "struct list_haed"]).output().unwrap();
    let failed = Said::of(output).failed_as(3);
    assert!(failed.contains("did you mean list_head?"), "{failed}");
}

#[test]
fn the_words_of_bpftool_name_types() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("elements").bytes() else { return };
    let spec = osmia::open("elements", bytes).unwrap();
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let program = object.programs().find(|program| program.is_loaded()).unwrap();
    let program = program.info().unwrap().id.to_string();
    let map = object.map("flows").unwrap().info().unwrap();
    let (map, btf) = (map.id.to_string(), map.btf_id.to_string());
    let dump = |words: &[&str]| {
        let words = [&["btf", "dump"], words].concat();
        Said::of(command(&words).output().expect("the command runs"))
    };
    let of_program = dump(&["prog", "id", &program, "format", "c"]).done();
    assert_eq!(dump(&["id", &btf]).done(), of_program);
    assert!(of_program.contains("struct key {") && of_program.contains("struct value {"));
    let key = dump(&["map", "id", &map, "key"]).done();
    assert!(key.contains("struct key {") && !key.contains("struct value {"), "{key}");
    let both = dump(&["map", "id", &map]).done();
    assert!(both.contains("struct key {") && both.contains("struct value {"), "{both}");
    let raw = dump(&["id", &btf, "format", "raw"]).done();
    assert!(raw.starts_with("[1] "), "{raw}");
    assert!(dump(&["id", "4294967295"]).failed_as(3).contains("osmia btf list"));
    assert!(dump(&["prog", "name", "no_such_program"]).failed_as(3).contains("osmia prog list"));
    assert!(dump(&["id", &btf, "format", "d"]).failed_as(2).contains("c, raw, json"));
}

#[test]
fn types_are_listed_and_dumped_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("elements").bytes() else { return };
    let spec = osmia::open("elements", bytes).unwrap();
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let id = object.map("flows").unwrap().info().unwrap().btf_id.to_string();
    let Some(mut theirs) = bpftool(&["btf", "show", "id", &id]) else { return };
    let ours = osmia_json(&["btf", "show", "id", &id]);
    // Theirs are in the order in which they were made.
    for users in ["prog_ids", "map_ids"] {
        let ids = theirs[users].as_array_mut().unwrap();
        ids.sort_by_key(Value::as_u64);
        assert!(!ids.is_empty(), "{users}");
    }
    same_keys(&ours, &theirs, &["name"]);
    assert_eq!(osmia_json(&["btf", "list", "id", &id]), ours);
    let listed = osmia_json(&["btf", "show"]);
    assert!(listed.as_array().unwrap().contains(&ours), "{listed}");
    let dump = ["btf", "dump", "id", &id];
    let theirs = bpftool(&dump).unwrap();
    assert!(theirs["types"].as_array().unwrap().len() > 20);
    assert_eq!(osmia_json(&dump), theirs);
    let none = command(&["btf", "show", "id", "4294967295"]).output().unwrap();
    assert!(Said::of(none).failed_as(3).contains("there is no BTF with the id 4294967295"));
}
