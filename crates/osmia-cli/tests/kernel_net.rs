//! `osmia net`, `osmia cgroup` and `osmia on` on the running kernel, beside bpftool.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::os::fd::{AsFd as _, AsRawFd as _};

use osmia::{Kernel, Object, Program};
use osmia_sys::{PerfEvent, PerfFd, PerfSampling, PerfTarget};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::guard::veth::{NEAR, Veth};
use osmia_testkit::skip;
use serde_json::{Value, json};

use crate::beside::{bpftool, osmia, osmia_json, same_keys};

/// What osmia tells of programs on interfaces and bpftool 7.1 does not.
const MORE: [&str; 5] = ["name", "link_id", "chain", "priority", "handle"];

fn load() -> Option<Object> {
    let spec = osmia::open("hooks", Fixture::new("hooks").bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

fn id(program: &Program) -> String {
    program.info().unwrap().id.to_string()
}

fn list<'a>(report: &'a Value, group: &str) -> &'a Vec<Value> {
    report[0][group].as_array().unwrap()
}

#[test]
fn programs_on_interfaces_are_listed_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let (xdp, tc) = (object.program("xdp_pass").unwrap(), object.program("tc_pass").unwrap());
    let (xdp, tc, flow) = (id(xdp), id(tc), id(object.program("dissect").unwrap()));
    veth.near.enter(|| {
        let net = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            osmia(&[&["net"], &words[..]].concat())
        };
        net(&format!("attach xdpgeneric id {xdp} dev {NEAR}")).done();
        let taken = net(&format!("attach xdpgeneric id {xdp} dev {NEAR}"));
        assert!(taken.failed().contains("`overwrite` replaces it"));
        net(&format!("attach xdpgeneric id {xdp} dev {NEAR} overwrite")).done();
        net(&format!("attach tc_ingress id {tc} dev {NEAR} prio 7")).done();
        net(&format!("attach tc_egress id {tc} dev {NEAR} prio 9 handle 3")).done();

        let Some(theirs) = bpftool(&["net", "list"]) else { return };
        let ours = osmia_json(&["net", "list"]);
        for group in ["xdp", "tc"] {
            let (ours, theirs) = (list(&ours, group), list(&theirs, group));
            assert_eq!(ours.len(), theirs.len(), "{ours:?} {theirs:?}");
            assert!(!theirs.is_empty());
            for (ours, theirs) in ours.iter().zip(theirs) {
                same_keys(ours, theirs, &MORE);
            }
        }
        assert_eq!(theirs[0]["flow_dissector"], ours[0]["flow_dissector"]);

        let wrong = net(&format!("attach flow_dissector id {tc}")).failed();
        assert!(wrong.contains("programs of type flow_dissector run there"), "{wrong}");
        net(&format!("attach flow_dissector id {flow}")).done();
        // What bpftool 7.1 prints of it is no JSON.
        let dissectors = osmia_json(&["net", "list"]);
        assert_eq!(list(&dissectors, "flow_dissector")[0]["id"].to_string(), flow);
        net("detach flow_dissector").done();
        assert_eq!(net("detach flow_dissector").code, Some(3));

        for (place, ty) in [("tcx_ingress", "sched_cls"), ("tc_egress", "sched_cls")] {
            let wrong = net(&format!("attach {place} id {xdp} dev {NEAR}")).failed();
            let told = format!("programs of type {ty} run there");
            assert!(wrong.contains(&told) && wrong.contains("xdp_pass is of type xdp"), "{wrong}");
        }
        let wrong = net(&format!("attach xdpgeneric id {tc} dev {NEAR} overwrite")).failed();
        assert!(wrong.contains("programs of type xdp run there"), "{wrong}");
        net(&format!("attach tcx_ingress id {tc} dev {NEAR}")).done();
        let here = osmia_json(&["on", NEAR]);
        let places: Vec<&str> =
            here.as_array().unwrap().iter().map(|row| row["place"].as_str().unwrap()).collect();
        let expected = [
            "xdp generic",
            "tcx/ingress",
            "clsact/ingress priority 7 handle 0x1",
            "clsact/egress priority 9 handle 0x3",
        ];
        assert_eq!(places, expected);
        net(&format!("detach tcx_ingress dev {NEAR}")).done();
        net(&format!("detach tc_egress id {tc} dev {NEAR}")).done();
        net(&format!("detach tc_ingress dev {NEAR}")).done();
        net(&format!("detach xdp dev {NEAR}")).done();
        assert_eq!(net(&format!("detach xdp dev {NEAR}")).code, Some(3));
        assert_eq!(osmia(&["net", "list", "dev", NEAR]).done(), "no programs\n");
        let absent = osmia(&["net", "list", "dev", "nar"]);
        assert_eq!(absent.code, Some(3));
    });
    // From outside the namespace is named by a process in it, or a file.
    let outside = osmia(&["net", "list", "dev", NEAR]);
    assert_eq!(outside.code, Some(3), "{}", outside.err);
    let none = osmia(&["net", "list", "--netns", "no_such_namespace"]);
    assert_eq!(none.code, Some(3));
    assert!(none.err.contains("ip netns list"), "{}", none.err);
}

#[test]
fn programs_on_cgroups_are_shown_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let cgroup = Cgroup::new();
    let path = cgroup.path().to_str().unwrap();
    let program = object.program("cgroup_pass").unwrap();
    let id = id(program);
    osmia(&["cgroup", "attach", path, "cgroup_inet_egress", "id", &id, "multi"]).done();
    osmia(&["cgroup", "attach", path, "egress", "id", &id, "multi"]).failed();

    let Some(theirs) = bpftool(&["cgroup", "show", path]) else { return };
    assert_eq!(osmia_json(&["cgroup", "show", path]), theirs);
    let effective = ["cgroup", "show", path, "effective"];
    let Some(theirs) = bpftool(&effective) else { return };
    let ours = osmia_json(&effective);
    // What is inherited has no flags for us; bpftool 7.1 prints those of the place.
    let own = |rows: &Value| -> Vec<Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| json!([row["id"], row["attach_type"], row["name"]])).collect()
    };
    assert_eq!(own(&ours), own(&theirs));
    let tree = osmia_json(&["cgroup", "tree", path]);
    let Some(theirs) = bpftool(&["cgroup", "tree", path]) else { return };
    assert_eq!(tree, theirs);

    let within = cgroup.path().join("within");
    std::fs::create_dir(&within).unwrap();
    let here = osmia_json(&["on", within.to_str().unwrap()]);
    let from =
        here.as_array().unwrap().iter().find(|row| row["id"] == json!(program.info().unwrap().id));
    assert_eq!(from.unwrap()["from"], path);
    std::fs::remove_dir(&within).unwrap();
    osmia(&["cgroup", "detach", path, "cgroup_inet_egress", "id", &id]).done();
    assert_eq!(osmia(&["cgroup", "show", path]).done(), "no programs\n");
    let again = osmia(&["cgroup", "detach", path, "cgroup_inet_egress", "id", &id]);
    assert_eq!(again.code, Some(3), "{}", again.err);
    let wrong = osmia(&["cgroup", "attach", path, "cgroup_inet_egres", "id", &id]);
    assert!(wrong.err.contains("did you mean cgroup_inet_egress?"), "{}", wrong.err);
    assert_eq!(osmia(&["cgroup", "show", "/proc"]).code, Some(2));
}

#[test]
fn what_a_process_holds_is_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let bpffs = Bpffs::new();
    object.program("xdp_pass").unwrap().pin(bpffs.join("xdp")).unwrap();
    let here = osmia_json(&["on", "pid", &std::process::id().to_string()]);
    let rows = here.as_array().unwrap();
    let found = rows.iter().find(|row| row["kind"] == "program" && row["name"] == "xdp_pass");
    assert_eq!(found.unwrap()["id"], json!(object.program("xdp_pass").unwrap().info().unwrap().id));
    assert_eq!(osmia(&["on", "pid", "4000000000"]).code, Some(3));
    assert_eq!(osmia(&["on", "no_such_thing_here"]).code, Some(3));
    assert_eq!(osmia(&["on", "sched_switch"]).code, Some(0));
}

#[test]
fn what_runs_at_a_tracepoint_is_told() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let links = object.attach().unwrap();
    let here = osmia_json(&["on", "sched_process_exec"]);
    let rows = here.as_array().unwrap();
    let of = |name: &str| {
        let id = json!(object.program(name).unwrap().info().unwrap().id);
        let row = rows.iter().find(|row| row["prog_id"] == id);
        row.unwrap_or_else(|| panic!("{name}: {here}"))["runs"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("raw_exec"), "raw tracepoint");
    // The kernel makes the same links for both.
    assert_eq!(of("typed_exec"), "raw tracepoint");
    let id = json!(object.program("plain_exec").unwrap().info().unwrap().id);
    let told = rows.iter().any(|row| row["prog_id"] == id);
    if gate.part_needs("names of tracepoints in the info of links", "6.6", told) {
        assert_eq!(of("plain_exec"), "tracepoint");
    }
    let here = osmia_json(&["on", "pid", &std::process::id().to_string()]);
    let link = here
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "raw_exec" && row["kind"] == "link");
    assert_eq!(link.unwrap()["to"], "raw_tracepoint sched_process_exec", "{here}");
    drop(links);
}

#[test]
fn programs_on_events_without_links_are_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let id_file = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
        .map(|root| format!("{root}/events/sched/sched_process_exec/id"))
        .into_iter()
        .find_map(|file| std::fs::read_to_string(file).ok());
    let Some(number) = id_file else { return skip::tool("tracefs is not mounted") };
    let event = PerfEvent::Tracepoint { id: number.trim().parse().unwrap() };
    let event = PerfFd::open(&event, PerfTarget::Cpu(0), &PerfSampling::default()).unwrap();
    let program = object.program("plain_exec").unwrap();
    let prog_id = program.info().unwrap().id;
    let own = |rows: &Value| {
        let mut rows = rows.as_array().unwrap().clone();
        rows.retain(|row| row["prog_id"] == json!(prog_id));
        rows
    };
    assert_eq!(own(&osmia_json(&["on", "sched_process_exec"])), [] as [Value; 0]);
    event
        .set_bpf(
            &osmia_sys::ProgFd::new(program.fd().unwrap().try_clone_to_owned().unwrap()).unwrap(),
        )
        .unwrap();
    let here = osmia_json(&["on", "sched:sched_process_exec"]);
    let [row] = &own(&here)[..] else { panic!("{here}") };
    let fd = event.as_fd().as_raw_fd();
    let expected = json!({
        "runs": "tracepoint", "prog_id": prog_id, "name": "plain_exec", "pid": std::process::id(), "fd": fd,
    });
    assert_eq!(row, &expected);
    let text = osmia(&["on", "sched_process_exec"]).done();
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
}

#[test]
fn programs_are_bound_to_an_interface() {
    let Some(gate) = Gate::root() else { return };
    let Some(path) = Fixture::new("hooks").path() else { return };
    let Some(veth) = Veth::new() else { return };
    let bpffs = Bpffs::new();
    let pin = bpffs.join("bound");
    let load = |device: &str, name: &str| {
        let (path, pin) = (path.to_str().unwrap(), pin.to_str().unwrap());
        osmia(&["prog", "load", path, pin, device, name])
    };
    veth.near.enter(|| {
        let said = load("xdpmeta_dev", NEAR);
        if !gate.needs("programs for an interface's metadata", "6.3", said.code == Some(0)) {
            return;
        }
        let late = ["net", "attach", "xdpdrv", pin.to_str().unwrap(), "dev", NEAR, "prepend"];
        assert!(osmia(&late).failed_as(2).contains("overwrite"));
        osmia(&late[..late.len() - 1]).done();
        let taken = osmia(&["net", "attach", "xdpgeneric", pin.to_str().unwrap(), "dev", NEAR]);
        assert_eq!(taken.code, Some(1), "{}", taken.err);
        osmia(&["net", "detach", "xdpdrv", "dev", NEAR]).done();
        assert!(load("xdpmeta_dev", "lo").failed_as(5).contains("the driver of lo"));
        assert!(load("offload_dev", "lo").failed_as(5).contains("the driver of lo"));
        assert!(load("dev", "loo").failed_as(3).contains("loo"));
    });
}

#[test]
fn netfilter_programs_are_attached_and_listed() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("link_net").bytes() else { return };
    let mut spec = osmia::open("link_net", bytes).unwrap();
    spec.programs["on_netfilter"].autoload = true;
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    if !gate.needs("netfilter programs", "6.4", loaded.is_ok()) {
        return;
    }
    let object = loaded.unwrap();
    let Some(veth) = Veth::new() else { return };
    let bpffs = Bpffs::new();
    let (program, link) = (bpffs.join("program"), bpffs.join("link"));
    object.program("on_netfilter").unwrap().pin(&program).unwrap();
    let attach = |words: &str| {
        let at = ["net", "attach", "netfilter", program.to_str().unwrap()];
        let words: Vec<&str> = words.split_whitespace().collect();
        osmia(&[&at, &words[..]].concat())
    };
    veth.near.enter(|| {
        assert!(attach("ipv4 input").failed_as(2).contains("`pinned PATH` is missing"));
        assert!(attach("ipv4 inputs").failed_as(2).contains("prerouting, input"));
        attach(&format!("ipv4 input prio -10 pinned {}", link.to_str().unwrap())).done();
        let listed = osmia_json(&["net", "list"]);
        let own = |listed: &Value| {
            list(listed, "netfilter").iter().filter(|row| row["prio"] == json!(-10)).count()
        };
        assert_eq!(own(&listed), 1, "{listed}");
        std::fs::remove_file(&link).unwrap();
        assert_eq!(own(&osmia_json(&["net", "list"])), 0);
    });
}
