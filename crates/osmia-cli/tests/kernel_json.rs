//! What the command prints as JSON is what `docs/json` says.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;
mod schema;

use std::path::Path;

use osmia::{Kernel, Object};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::guard::veth::{NEAR, Veth};
use serde_json::json;

use crate::beside::{osmia, osmia_json};
use crate::schema::Schema;

fn load(fixture: &str) -> Option<Object> {
    let spec = osmia::open(fixture, Fixture::new(fixture).bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

#[test]
fn the_schema_is_one_and_refuses() {
    let schema = Schema::read();
    jsonschema::meta::validate(&schema.0).unwrap();
    for (definition, wrong) in [
        ("program", json!({ "id": 1 })),
        ("prog-list", json!([{ "id": "1" }])),
        ("map", json!({ "unknown": 1 })),
        ("error", json!({})),
        ("count", json!("12")),
        ("done", json!([])),
    ] {
        assert!(!schema.of(definition).is_valid(&wrong), "{definition}: {wrong}");
    }
    assert!(schema.of("count").is_valid(&json!("18446744073709551615")));
}

#[test]
fn what_needs_no_program_is_as_the_schema_says() {
    let Some(_gate) = Gate::root() else { return };
    let schema = Schema::read();
    schema.holds("version", "version");
    schema.holds("doctor", "doctor");
    schema.holds("list-builtins", "feature list_builtins link_types");
    schema.holds("probe-list", "probe list tracepoint:sched:*exec");
    for (words, code) in [("prog show id 4294967295", 3), ("prog show id x", 2), ("prgo", 2)] {
        let words: Vec<&str> = ["-j"].into_iter().chain(words.split_whitespace()).collect();
        let said = osmia(&words);
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""));
        schema.admits("error", &serde_json::from_str(&said.err).unwrap());
    }
    if Path::new("/sys/kernel/btf/vmlinux").exists() {
        schema.holds("btf-find", "btf find list_hea*");
        schema.holds("feature-probe", "feature probe kernel");
    }
}

#[test]
fn objects_are_as_the_schema_says() {
    let Some(_gate) = Gate::root() else { return };
    let schema = Schema::read();
    let (Some(runs), Some(hooks)) = (load("runs"), load("hooks")) else { return };
    let Some(variables) = load("variables") else { return };
    let id = runs.program("of_xdp").unwrap().info().unwrap().id;
    schema.holds("prog-list", "prog list");
    schema.holds("prog-show", &format!("-f prog show id {id}"));
    schema.holds("prog-dump-xlated", &format!("prog dump xlated id {id} linum opcodes"));
    if cfg!(target_arch = "x86_64") {
        schema.holds("prog-dump-jited", &format!("prog dump jited id {id} linum opcodes"));
    }
    schema.holds("prog-run", &format!("prog run id {id} data_in zeros:64"));
    let statistics = osmia_sys::Bpf::kernel().enable_stats(osmia_abi::StatsType::RUN_TIME).is_ok();
    if statistics {
        schema.holds("prog-profile", &format!("prog profile id {id} duration 50ms cpu_clock"));
        schema.holds("prog-top", "prog top -n 1 -i 50ms --all");
    }
    // Before 5.11 the kernel's own types have no id.
    schema.holds("btf-list", "btf list");
    schema.holds("map-list", "-f map list");
    let map = variables.map(".bss").unwrap().info().unwrap().id;
    schema.holds("map-show", &format!("map show id {map} --count"));
    schema.holds("map-dump", &format!("map dump id {map}"));
    schema.holds("map-event", &format!("map dump id {map} --format ndjson"));
    schema.holds("map-count", &format!("map count id {map}"));
    schema.holds("var-list", "var list");
    schema.holds("on-process", &format!("on pid {}", std::process::id()));
    let path = Fixture::new("hooks").path().unwrap();
    let path = path.to_str().unwrap();
    schema.holds("obj-show", &format!("obj show {path}"));
    schema.holds("prog-verify", &format!("prog verify {path}"));
    if Path::new("/sys/kernel/btf/vmlinux").exists() {
        schema.holds("check", &format!("check {path}"));
    }
    let links = hooks.attach().unwrap();
    schema.holds("on-function", "on sched_process_exec");
    if !osmia_json(&["perf"]).as_array().unwrap().is_empty() {
        schema.holds("perf-show", "perf");
    }
    if !osmia_json(&["link", "list"]).as_array().unwrap().is_empty() {
        schema.holds("link-list", "link list");
    }
    drop(links);
}

#[test]
fn what_is_loaded_compared_and_batched_is_as_the_schema_says() {
    let Some(_gate) = Gate::root() else { return };
    let schema = Schema::read();
    let (Some(day), Some(runs)) = (Fixture::new("day").path(), Fixture::new("runs").path()) else {
        return;
    };
    let (day, runs) = (day.to_str().unwrap(), runs.to_str().unwrap());
    let bpffs = Bpffs::new();
    let place = |name: &str| bpffs.join(name).into_os_string().into_string().unwrap();
    let (programs, maps) = (place("day"), place("maps"));
    schema.holds("prog-load", &format!("prog loadall {day} {programs} pinmaps {maps}"));
    schema.holds("btf-diff", &format!("btf diff {day} {runs}"));
    let folder = tempfile::tempdir().unwrap();
    let batch = folder.path().join("batch");
    std::fs::write(&batch, "version\nprog list\n").unwrap();
    schema.holds("batch", &format!("batch file {}", batch.to_str().unwrap()));
    let wrong = json!([{ "kind": "struct", "name": "x", "fate": "moved" }]);
    assert!(!schema.of("btf-diff").is_valid(&wrong));
}

#[test]
fn places_are_as_the_schema_says() {
    let Some(_gate) = Gate::root() else { return };
    let schema = Schema::read();
    let Some(object) = load("hooks") else { return };
    let Some(veth) = Veth::new() else { return };
    let id = |name: &str| object.program(name).unwrap().info().unwrap().id.to_string();
    veth.near.enter(|| {
        osmia(&["net", "attach", "xdpgeneric", "id", &id("xdp_pass"), "dev", NEAR]).done();
        osmia(&["net", "attach", "tc_ingress", "id", &id("tc_pass"), "dev", NEAR]).done();
        schema.holds("net-list", "net list");
        schema.holds("on-interface", &format!("on {NEAR}"));
    });
    let cgroup = Cgroup::new();
    let path = cgroup.path().to_str().unwrap();
    osmia(&["cgroup", "attach", path, "egress", "id", &id("cgroup_pass"), "multi"]).done();
    schema.holds("cgroup-show", &format!("cgroup show {path}"));
    schema.holds("cgroup-show", &format!("on {path}"));
    schema.holds("cgroup-tree", &format!("cgroup tree {path}"));
}

#[test]
fn large_numbers_are_strings_on_request() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("elements") else { return };
    let map = object.map("counts").unwrap();
    map.insert(&7_u32.to_ne_bytes(), &u64::MAX.to_ne_bytes()).unwrap();
    let id = map.info().unwrap().id.to_string();
    for format in ["json", "ndjson"] {
        let words = ["-j", "map", "dump", "id", &id, "--format", format];
        let plain = osmia(&words).done();
        assert!(plain.contains(":18446744073709551615"), "{plain}");
        let safe = osmia(&[&words[..], &["--json-numbers", "strings"]].concat()).done();
        assert!(safe.contains(":\"18446744073709551615\""), "{safe}");
    }
    let said = osmia(&["--json-numbers", "string", "version"]);
    assert!(said.failed_as(2).contains("strings"));
}
