//! `osmia link show` and `osmia on` of links to many functions at once, and who holds links.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::collections::BTreeSet;

use osmia::{
    Error, ErrorKind, Kernel, KprobeMulti, Link, Object, ProbeProgram, TracingMulti,
    TracingProgram, UprobeMulti,
};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::own_libc;
use serde_json::{Value, json};

use crate::beside::{osmia, osmia_json};

/// Functions of the kernel that opening a file calls.
const MANY: [&str; 2] = ["do_sys_openat2", "security_file_open"];

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported { .. })
}

/// The fixture with this program alone.
fn load(name: &str) -> Option<Result<Object, Error>> {
    let mut spec = good(osmia::open("link_probes", Fixture::new("link_probes").bytes()?));
    for program in spec.programs.values_mut() {
        program.autoload = program.name == name;
    }
    Some(Object::load(&spec, &good(Kernel::running())))
}

fn probe(object: &Object, name: &str) -> ProbeProgram {
    good(good(object.program(name)).clone().try_into())
}

fn id(link: &Link) -> String {
    good(link.info()).id().to_string()
}

/// What is shown of a link, which this process holds.
fn shown(link: &Link, ty: &str) -> Value {
    let row = osmia_json(&["link", "show", "id", &id(link)]);
    assert_eq!(row["type"], ty, "{row}");
    assert_eq!(row["prog_id"], json!(good(link.info()).program_id()), "{row}");
    let holders: Vec<&Value> =
        row["pids"].as_array().unwrap().iter().map(|holder| &holder["pid"]).collect();
    assert_eq!(holders, [&json!(std::process::id())], "{row}");
    row
}

/// Of the functions in the row, in no order.
fn of_functions<'r>(row: &'r Value, key: &str) -> BTreeSet<&'r str> {
    row["funcs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|function| function[key].as_str().unwrap())
        .collect()
}

fn cookies(row: &Value) -> BTreeSet<u64> {
    let functions = row["funcs"].as_array().unwrap().iter();
    functions.map(|function| function["cookie"].as_u64().unwrap()).collect()
}

/// How the link's program runs at a function, as `osmia on` tells it.
fn runs_at(function: &str, link: &Link) -> Option<String> {
    let here = osmia_json(&["on", function]);
    let id = json!(good(link.info()).id());
    let row = here.as_array().unwrap().iter().find(|row| row["link_id"] == id)?;
    assert_eq!(row["prog_id"], json!(good(link.info()).program_id()), "{row}");
    Some(row["runs"].as_str().unwrap().to_owned())
}

#[test]
fn links_to_many_places_of_a_file_are_shown() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load("on_uprobe_multi").map(good) else { return };
    let program = probe(&object, "on_uprobe_multi");
    let file = own_libc::file();
    let places = UprobeMulti::functions(&file, ["readlink", "chdir"]).cookies([5, 70]);
    let link = program.attach_uprobes(&places.clone().process(std::process::id()));
    let Some(link) = gate.take("uprobe.multi", "6.6", link, unsupported) else { return };
    let row = shown(&link, "uprobe_multi");
    let told = row["func_cnt"] == json!(2);
    if gate.part_needs("the functions of links to many", "6.8", told) {
        assert_eq!((&row["retprobe"], &row["pid"]), (&json!(false), &json!(std::process::id())));
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(row["path"].as_str().unwrap().ends_with(name), "{row}");
        assert_eq!(cookies(&row), BTreeSet::from([5, 70]), "{row}");
        let text = osmia(&["link", "show", "id", &id(&link)]).done();
        assert!(text.contains(" at 2 places"), "{text}");
        for function in row["funcs"].as_array().unwrap() {
            let place = format!("  +{:#x}\n", function["offset"].as_u64().unwrap());
            assert!(text.contains(&place), "{place}: {text}");
        }
        let end = good(program.attach_uprobes(&places.on_return()));
        let row = shown(&end, "uprobe_multi");
        assert_eq!((&row["retprobe"], &row["pid"]), (&json!(true), &json!(0)), "{row}");
    }
}

#[test]
fn links_to_many_functions_are_shown() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.multi", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load("on_multi").map(good) else { return };
    let program = probe(&object, "on_multi");
    for on_return in [false, true] {
        let places = KprobeMulti::functions(MANY).cookies([5, 70]);
        let places = if on_return { places.on_return() } else { places };
        let link = program.attach_kprobes(&places);
        let Some(link) = gate.take("kprobe.multi", "5.18", link, unsupported) else { return };
        let row = shown(&link, "kprobe_multi");
        if !gate.part_needs("the functions of kprobe.multi", "6.6", row["func_cnt"] == json!(2)) {
            return;
        }
        assert_eq!(row["retprobe"], json!(on_return), "{row}");
        assert_eq!(of_functions(&row, "func"), BTreeSet::from(MANY), "{row}");
        if cookies(&row) != BTreeSet::from([5, 70]) {
            assert!(!gate.part_needs("the cookies of links", "6.9", false), "{row}");
        }
        let text = osmia(&["link", "show", "id", &id(&link)]).done();
        assert!(text.contains("probe on 2 functions"), "{text}");
        assert!(text.contains("\n  do_sys_openat2\n"), "{text}");
        let runs = if on_return { "kretprobe (of many)" } else { "kprobe (of many)" };
        assert_eq!(runs_at(MANY[1], &link).as_deref(), Some(runs));
        assert_eq!(runs_at("vfs_read", &link), None);
    }
}

#[test]
fn a_session_is_shown() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.session", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load("on_session").map(good) else { return };
    let link = probe(&object, "on_session").attach_kprobes(&KprobeMulti::functions(MANY));
    let Some(link) = gate.take("kprobe.session", "6.10", link, unsupported) else { return };
    let row = shown(&link, "kprobe_multi");
    assert_eq!((&row["retprobe"], &row["func_cnt"]), (&json!(false), &json!(2)), "{row}");
    assert_eq!(of_functions(&row, "func"), BTreeSet::from(MANY), "{row}");
}

#[test]
fn links_of_tracing_programs_to_many_functions_are_shown() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("programs on many functions") {
        return;
    }
    for (name, ty) in
        [("on_fentry_multi", "trace_fentry_multi"), ("on_fexit_multi", "trace_fexit_multi")]
    {
        let Some(loaded) = load(name) else { return };
        let taken = gate.take("programs on many functions", "7.2", loaded, |_| true);
        let Some(object) = taken else { return };
        let program: TracingProgram = good(good(object.program(name)).clone().try_into());
        let places = TracingMulti::functions(MANY).cookies([5, 70]);
        let link = good(program.attach_functions(&places));
        let row = shown(&link, "tracing_multi");
        assert_eq!((&row["attach_type"], &row["func_cnt"]), (&json!(ty), &json!(2)), "{row}");
        assert_ne!(row["target_obj_id"], json!(0), "{row}");
        assert_eq!(of_functions(&row, "func"), BTreeSet::from(MANY), "{row}");
        assert_eq!(cookies(&row), BTreeSet::from([5, 70]), "{row}");
        let text = osmia(&["link", "show", "id", &id(&link)]).done();
        assert!(text.contains(&format!("{ty} on 2 functions")), "{text}");
        assert_eq!(runs_at(MANY[0], &link).as_deref(), Some(ty));
    }
}

#[test]
fn who_holds_a_link_is_shown() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("places").bytes() else { return };
    let mut spec = good(osmia::open("places", bytes));
    spec.programs.retain(|name, _| name == "on_btf");
    let object = good(Object::load(&spec, &good(Kernel::running())));
    let link = good(good(object.program("on_btf")).attach());
    let id = id(&link);
    shown(&link, "raw_tracepoint");
    let bpffs = Bpffs::new();
    let pin = bpffs.join("link");
    good(link.pin(&pin));
    let row = shown(&link, "raw_tracepoint");
    assert_eq!(row["pinned"], json!([pin.to_str().unwrap()]));
    drop(link);
    // The pin alone holds it now.
    let row = osmia_json(&["link", "show", "id", &id]);
    assert_eq!((row.get("pids"), &row["pinned"]), (None, &json!([pin.to_str().unwrap()])), "{row}");
    std::fs::remove_file(&pin).unwrap();
}
