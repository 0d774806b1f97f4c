//! `osmia prog` and `osmia link` on the running kernel, beside bpftool.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::fs;
use std::path::Path;
use std::process::Command;

use osmia::{
    Cgroup, CgroupProgram, Iteration, Kernel, Link, Object, Program, SkLookupProgram, Tc,
    TcProgram, XdpMode, XdpProgram,
};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup as OwnCgroup;
use osmia_testkit::guard::veth::Veth;
use osmia_testkit::skip;
use serde_json::{Map, Value, json};

use crate::beside::{bpftool, osmia, osmia_json, same_keys};

/// What osmia tells of programs and bpftool does not: the verifier's count, and who holds them
/// (bpftool only if it was built with it).
const MORE_OF_PROGRAMS: [&str; 2] = ["verified_insns", "pids"];

/// What osmia tells of links and older bpftools do not.
const MORE_OF_LINKS: [&str; 7] =
    ["pids", "cgroup_path", "devname", "ifindex", "tracepoint", "cookie", "attach_type"];

fn load(fixture: &str) -> Option<Object> {
    let spec = osmia::open(fixture, Fixture::new(fixture).bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

fn id(program: &Program) -> String {
    program.info().unwrap().id.to_string()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn programs_are_shown_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("runs") else { return };
    let Some(with_metadata) = load("metadata") else { return };
    let bpffs = Bpffs::new();
    let first = object.programs().find(|program| program.is_loaded()).unwrap();
    first.pin(bpffs.join("first")).unwrap();
    let mut compared = 0;
    let all = object.programs().chain(with_metadata.programs());
    for program in all.filter(|program| program.is_loaded()) {
        let arguments = ["-f", "prog", "show", "id", &id(program)];
        let Some(theirs) = bpftool(&arguments) else { return };
        let ours = osmia_json(&arguments);
        same_keys(&ours, &theirs, &MORE_OF_PROGRAMS);
        assert_eq!(ours["pids"][0]["pid"], json!(std::process::id()));
        if program.name() == "with_metadata" {
            assert_eq!(ours["metadata"], json!({ "author": "osmia", "revision": 3 }));
        }
        compared += 1;
    }
    assert!(compared >= 4, "{compared}");
    let listed = osmia_json(&["prog", "list"]);
    let listed = listed.as_array().unwrap();
    for theirs in bpftool(&["prog", "show"]).unwrap().as_array().unwrap() {
        // Others load and unload programs too.
        if let Some(ours) = listed.iter().find(|ours| ours["id"] == theirs["id"]) {
            let mut theirs = theirs.clone();
            let own = object.programs().any(|program| {
                program.is_loaded() && json!(program.info().unwrap().id) == theirs["id"]
            });
            if own {
                theirs.as_object_mut().unwrap().remove("run_time_ns");
                theirs.as_object_mut().unwrap().remove("run_cnt");
                same_keys(ours, &theirs, &MORE_OF_PROGRAMS);
            }
        }
    }
    let pinned = osmia_json(&["prog", "show", "pinned", text(&bpffs.join("first"))]);
    assert_eq!(pinned["id"], json!(first.info().unwrap().id));
    let tagged = osmia_json(&["prog", "show", "tag", pinned["tag"].as_str().unwrap()]);
    let has = |found: &Value| found["tag"] == pinned["tag"];
    assert!(tagged.as_array().map_or_else(|| has(&tagged), |all| all.iter().all(has)));
}

/// `proto` apart: bpftool writes `int f(struct s * p)`.
fn without_blanks_in_prototypes(mut listing: Value) -> Value {
    for insn in listing.as_array_mut().unwrap() {
        if let Some(proto) = insn.get_mut("proto") {
            *proto = json!(proto.as_str().unwrap().replace(' ', ""));
        }
    }
    listing
}

#[test]
fn instructions_are_listed_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("elements") else { return };
    let Some(runs) = load("runs") else { return };
    let mut compared = 0;
    for program in object.programs().chain(runs.programs()).filter(|found| found.is_loaded()) {
        for look in ["opcodes", "linum"] {
            let arguments = ["prog", "dump", "xlated", "id", &id(program), look];
            let Some(theirs) = bpftool(&arguments) else { return };
            let ours = without_blanks_in_prototypes(osmia_json(&arguments));
            let theirs = without_blanks_in_prototypes(theirs);
            let (ours, theirs) = (ours.as_array().unwrap(), theirs.as_array().unwrap());
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(theirs) {
                if ours["disasm"].as_str().unwrap().contains("__percpu") {
                    // Kernels and bpftools since 6.10 know this instruction.
                    continue;
                }
                assert_eq!(ours, theirs);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn code_is_written_to_files_drawn_and_disassembled() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("runs") else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = object.program("of_xdp").unwrap();
    let id = id(program);
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    osmia(&["prog", "dump", "xlated", "id", &id, "file", text(&ours)]).done();
    let arguments = ["prog", "dump", "xlated", "id", &id, "file", text(&theirs)];
    if Command::new("bpftool").args(arguments).output().is_err() {
        skip::tool("bpftool is not installed");
        return;
    }
    assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap());
    let svg = osmia(&["prog", "dump", "xlated", "id", &id, "visual", "svg"]).done();
    assert!(svg.starts_with("<svg ") && svg.contains("exit</text>"), "{svg}");
    let dot = osmia(&["prog", "dump", "xlated", "id", &id, "visual"]).done();
    assert!(dot.starts_with("digraph ") && dot.contains(" -> "), "{dot}");
    if cfg!(target_arch = "x86_64") && program.info().unwrap().jited_len != 0 {
        let code = osmia_json(&["prog", "dump", "jited", "id", &id]);
        let first = &code[0];
        let name = first["name"].as_str().unwrap();
        assert!(name.starts_with("bpf_prog_") && name.ends_with(program.name()), "{name}");
        let insns = first["insns"].as_array().unwrap();
        assert_eq!(insns[0]["pc"], "0x0");
        assert!(insns.iter().any(|insn| insn["operation"] == "push %rbp"), "{code}");
        let bad = |insn: &Value| insn["operation"] == "(bad)";
        assert!(!insns.iter().any(bad), "{code}");
    }
}

struct Attached {
    links: Vec<(&'static str, Link)>,
}

/// The links of this test's own, by what their type is called.
fn attach_all(veth: &Veth, cgroup: &OwnCgroup, objects: &[Object]) -> Attached {
    let find = |name: &str| {
        let mut programs = objects.iter().flat_map(Object::programs);
        programs.find(|program| program.name() == name).unwrap().clone()
    };
    let near = veth.near_index();
    let xdp = XdpProgram::try_from(find("on_packet")).unwrap();
    let tc = TcProgram::try_from(find("on_ingress")).unwrap();
    let skb = CgroupProgram::try_from(find("on_connect")).unwrap();
    let lookup = SkLookupProgram::try_from(find("on_lookup")).unwrap();
    let own_netns = || fs::File::open("/proc/thread-self/ns/net").unwrap();
    let iteration = osmia::TracingProgram::try_from(find("on_task")).unwrap();
    Attached {
        links: vec![
            ("xdp", veth.near.enter(|| xdp.attach(near, XdpMode::Generic)).unwrap()),
            ("tcx", veth.near.enter(|| tc.attach(&Tc::ingress(near))).unwrap()),
            ("netns", veth.near.enter(|| lookup.attach(own_netns())).unwrap()),
            ("cgroup", skb.attach(&Cgroup::new(cgroup.path())).unwrap()),
            ("iter", iteration.attach_iterator(&Iteration::new()).unwrap()),
            ("perf_event", find("on_tracepoint").attach().unwrap()),
            ("raw_tracepoint", find("on_raw_tracepoint").attach().unwrap()),
            ("raw_tracepoint", find("on_btf").attach().unwrap()),
        ],
    }
}

#[test]
fn links_are_shown_as_by_bpftool() {
    let Some(gate) = Gate::root() else { return };
    if !gate.needs("tcx", "6.6", Path::new("/sys/kernel/btf/vmlinux").exists()) {
        return;
    }
    let (Some(net), Some(events), Some(places)) =
        (load("link_net"), load("link_events"), load("places"))
    else {
        return;
    };
    let Some(veth) = Veth::new() else { return };
    let cgroup = OwnCgroup::new();
    let attached = attach_all(&veth, &cgroup, &[net, events, places]);
    for (ty, link) in &attached.links {
        let id = link.info().unwrap().id().to_string();
        let arguments = ["link", "show", "id", &id];
        let inside = veth.near.enter(|| Some((osmia_json(&arguments), bpftool(&arguments)?)));
        let Some((ours, mut theirs)) = inside else { return };
        if theirs["type"].is_number() {
            // This bpftool is older than the type.
            theirs["type"] = json!(ty);
        }
        assert_eq!(ours["type"], *ty);
        same_keys(&ours, &theirs, &MORE_OF_LINKS);
        let place = match *ty {
            "xdp" | "tcx" => ("devname", json!("near")),
            "cgroup" => ("cgroup_path", json!(text(cgroup.path()))),
            "netns" => ("attach_type", json!("sk_lookup")),
            "iter" => ("target_name", json!("task")),
            "perf_event" => ("tracepoint", json!("sys_enter_getpriority")),
            _ => ("tp_name", json!("sys_enter")),
        };
        assert_eq!(ours[place.0], place.1, "{ours}");
    }
    let (_, xdp) = &attached.links[0];
    let id = xdp.info().unwrap().id().to_string();
    let bpffs = Bpffs::new();
    let pin = bpffs.join("xdp");
    osmia(&["link", "pin", "id", &id, text(&pin)]).done();
    assert_eq!(osmia_json(&["link", "show", text(&pin)])["pinned"], json!([text(&pin)]));
    osmia(&["link", "detach", "id", &id]).done();
    let detached = osmia_json(&["link", "show", "id", &id]);
    assert_eq!(detached["ifindex"], json!(0), "{detached}");
}

#[test]
fn objects_are_loaded_run_and_unloaded() {
    let Some(_gate) = Gate::root() else { return };
    let Some(path) = Fixture::new("runs").path() else { return };
    let bpffs = Bpffs::new();
    let (folder, maps) = (bpffs.join("runs"), bpffs.join("maps"));
    let loaded =
        osmia_json(&["prog", "loadall", text(&path), text(&folder), "pinmaps", text(&maps)]);
    let programs = loaded["programs"].as_array().unwrap();
    assert!(programs.len() >= 4, "{loaded}");
    let mut pinned = fs::read_dir(&maps).unwrap().flatten();
    let is_section = |name: std::ffi::OsString| name.to_string_lossy().ends_with("_rodata");
    assert!(pinned.any(|entry| is_section(entry.file_name())), "{loaded}");
    let pin = folder.join("of_xdp");
    let ran = osmia_json(&["prog", "run", "pinned", text(&pin), "data_in", "zeros:64"]);
    assert_eq!(ran["retval"], json!(50));
    let said = osmia(&["prog", "run", text(&pin), "data_in", "zeros:64", "--expect", "drop"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("it returned 50, not XDP_DROP"), "{}", said.err);
    let short = osmia(&["prog", "run", text(&folder.join("of_socket")), "data_in", "hex:00"]);
    assert!(short.failed().contains("at least 14 bytes"));
    let unloaded = osmia_json(&["prog", "unload", text(&folder), "--maps"]);
    let unloaded = unloaded.as_array().unwrap();
    assert_eq!(unloaded.len(), programs.len());
    assert!(unloaded.iter().all(|row| row["gone"] == json!(true)), "{unloaded:?}");
    assert!(!folder.exists());
}

#[test]
fn a_failed_load_leaves_nothing() {
    let Some(_gate) = Gate::root() else { return };
    let Some(path) = Fixture::new("runs").path() else { return };
    let bpffs = Bpffs::new();
    let taken = bpffs.join("of_xdp");
    osmia(&["prog", "load", text(&path), text(&taken)]).done();
    let said = osmia(&["prog", "loadall", text(&path), text(bpffs.path())]);
    assert!(said.failed().contains("there is such a file already"));
    let names = fs::read_dir(bpffs.path()).unwrap().flatten().map(|entry| entry.file_name());
    // The kernel's own are there from the start.
    let left: Vec<_> = names.filter(|name| !name.to_string_lossy().ends_with(".debug")).collect();
    assert_eq!(left, ["of_xdp"]);
    osmia(&["prog", "unload", text(&taken)]).done();
}

#[test]
fn maps_that_are_there_take_the_place_of_the_objects() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("rings") else { return };
    let Some(path) = Fixture::new("rings").path() else { return };
    let bpffs = Bpffs::new();
    let pin = bpffs.join("rings");
    let id = object.map("events").unwrap().info().unwrap().id;
    let id_text = id.to_string();
    let load = |map: &str| {
        let words =
            ["prog", "loadall", text(&path), text(&pin), "map", "name", map, "id", &id_text];
        osmia(&words)
    };
    load("events").done();
    let uses = |name: &str| {
        let shown = osmia_json(&["prog", "show", text(&pin.join(name))]);
        shown["map_ids"].as_array().is_some_and(|ids| ids.contains(&json!(id)))
    };
    let of_events: Vec<&str> = object
        .programs()
        .filter(|program| program.info().is_ok_and(|info| info.map_ids.contains(&id)))
        .map(Program::name)
        .collect();
    assert!(!of_events.is_empty());
    assert!(of_events.iter().all(|name| uses(name)), "{of_events:?}");
    let said = load("event");
    assert!(said.code == Some(3) && said.err.contains("`events`"), "{}", said.err);
    osmia(&["prog", "unload", text(&pin)]).done();
}

#[test]
fn what_is_not_there_is_told_in_one_line() {
    let Some(_gate) = Gate::root() else { return };
    let exit = |arguments: &[&str]| {
        let said = osmia(arguments);
        assert_eq!(said.out, "");
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        (said.code.unwrap(), said.err)
    };
    let (code, err) = exit(&["prog", "show", "id", "4294967295"]);
    assert!(code == 3 && err.contains("there is no program with the id 4294967295"), "{err}");
    let (code, err) = exit(&["prog", "show", "pinned", "/osmia/none"]);
    assert!(code == 3 && err.contains("/osmia/none: there is no such file"), "{err}");
    let (code, err) = exit(&["link", "show", "name", "x"]);
    assert!(code == 2 && err.contains("links have no names"), "{err}");
    let (code, err) = exit(&["-j", "prog", "show", "name", "no_such_program"]);
    let told: Map<String, Value> = serde_json::from_str(&err).unwrap();
    assert!(code == 3 && told.contains_key("error"), "{err}");
    let Some(object) = load("runs") else { return };
    let program = object.programs().find(|program| program.is_loaded()).unwrap();
    let near = program.name().replace('_', "");
    let (code, err) = exit(&["prog", "show", "name", &near]);
    assert!(code == 3 && err.contains("did you mean"), "{err}");
}

#[test]
fn what_the_kernel_does_not_tell_is_given() {
    let Some(_gate) = Gate::root() else { return };
    let (Some(fold), Some(iter)) = (Fixture::new("fold").path(), Fixture::new("core_iter").path())
    else {
        return;
    };
    let bpffs = Bpffs::new();
    let folder = tempfile::TempDir::new().unwrap();
    let maps = |name: &str, options: &[&str]| {
        let path = bpffs.path().join(name);
        osmia(&[&["prog", "load", text(&fold), text(&path)][..], options].concat()).done();
        let shown = osmia_json(&["prog", "show", "pinned", text(&path)]);
        shown["map_ids"].as_array().unwrap().len()
    };
    let pin = bpffs.path().join("none");
    let missing = ["prog", "load", text(&fold), text(&pin), "kernel_btf", "/nowhere/btf"];
    assert!(osmia(&missing).failed_as(3).contains("/nowhere/btf"));
    // Constants and the kernel's configuration have a map each, unless they are in the instructions.
    assert_eq!((maps("plain", &[]), maps("folded", &["--fold-constants"])), (3, 1));

    let config = folder.path().join("config");
    fs::write(&config, "CONFIG_OTHER=y\n").unwrap();
    let verify = ["prog", "verify", text(&fold), "--program", "reads", "--kernel-config"];
    let refused = osmia(&[&verify[..], &[text(&config)]].concat());
    assert!(refused.code == Some(1) && refused.out.contains("CONFIG_HZ"), "{}", refused.out);

    let mut builder = osmia_btf::Builder::new(osmia_btf::Endian::host());
    let pointer = builder.pointer(osmia_btf::TypeId::VOID).unwrap();
    let member =
        osmia_btf::Member { name: "iov", ty: pointer, offset: osmia_btf::Bits(64), bitfield: None };
    builder.composite(osmia_btf::Kind::Struct, "iov_iter", 16, &[member]).unwrap();
    let types = folder.path().join("types");
    fs::write(&types, builder.to_bytes().unwrap()).unwrap();
    let verify = ["prog", "verify", text(&iter), "--program", "unguarded", "--kernel-btf"];
    osmia(&[&verify[..], &[text(&types)]].concat()).done();
}
