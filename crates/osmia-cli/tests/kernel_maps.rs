//! `osmia map` and `osmia var` on the running kernel, beside bpftool.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use serde_json::{Value, json};

use crate::beside::{bpftool, osmia, osmia_json, same_keys};
use crate::command::{Said, command};

/// What osmia tells of maps and bpftool does not: who holds them (which bpftool tells only if it was
/// built for that), the types in C, and what else a map wants.
const MORE: [&str; 4] = ["pids", "key_type", "value_type", "map_extra"];

fn load() -> Option<Object> {
    let spec = osmia::open("tables", Fixture::new("tables").bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

fn id(object: &Object, map: &str) -> String {
    object.map(map).unwrap().info().unwrap().id.to_string()
}

fn fill(object: &Object) {
    let seen = id(object, "seen");
    let value = r#"{"count": 18446744073709551615, "delta": -3, "mode": "LOUD", "ports": [1, 2]}"#;
    osmia(&["map", "update", "id", &seen, "key", "{pid: 1, comm: ssh}", "value", value]).done();
    osmia(&["map", "update", "id", &seen, "key", "{pid: 2}", "value", "{last: {pid: 9}}"]).done();
    osmia(&["map", "update", "id", &id(object, "counts"), "key", "4", "value", "5"]).done();
    let emit = object.program("emit").unwrap().info().unwrap().id.to_string();
    let jumps = id(object, "jumps");
    osmia(&["map", "update", "id", &jumps, "key", "0", "value", "id", &emit]).done();
}

/// Starts the command and waits for its first line if it has one at once.
fn start(arguments: &[&str]) -> Child {
    let mut command = command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command starts")
}

#[test]
fn maps_are_shown_as_by_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let bpffs = Bpffs::new();
    object.map("seen").unwrap().pin(bpffs.join("seen")).unwrap();
    let mut compared = 0;
    for map in object.maps() {
        let arguments = ["-f", "map", "show", "id", &map.info().unwrap().id.to_string()];
        let Some(theirs) = bpftool(&arguments) else { return };
        let ours = osmia_json(&arguments);
        same_keys(&ours, &theirs, &MORE);
        assert_eq!(ours["pids"][0]["pid"], json!(std::process::id()));
        compared += 1;
    }
    assert!(compared > 8, "{compared}");
    let all = osmia_json(&["map"]);
    let ours = all.as_array().unwrap().iter().find(|map| map["name"] == "seen").unwrap();
    assert_eq!(ours["type"], "hash");
    let text = osmia(&["map", "show", "pinned", bpffs.join("seen").to_str().unwrap()]).done();
    assert!(text.contains("struct who (12 bytes)") && text.contains("struct what"), "{text}");
}

/// The dumps are the same but for these: fields of bits, which bpftool prints as text in hexadecimal;
/// pointers, which it prints as numbers beyond what JSON readers take; floats, with which its output is
/// no JSON; members of unnamed unions, which it puts under an empty name.
#[test]
fn dumps_are_those_of_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    fill(&object);
    let mut compared = 0;
    for map in object.maps() {
        if matches!(map.name(), "ring" | "perf" | "odd") {
            continue;
        }
        let arguments = ["map", "dump", "id", &map.info().unwrap().id.to_string()];
        let Some(theirs) = bpftool(&arguments) else { return };
        assert_eq!(osmia_json(&arguments), theirs, "{}", map.name());
        let pretty = osmia(&[&["-p"], &arguments[..]].concat()).done();
        assert_eq!(serde_json::from_str::<Value>(&pretty).unwrap(), theirs, "{}", map.name());
        compared += 1;
    }
    assert!(compared > 5, "{compared}");
    let odd = osmia_json(&["map", "dump", "id", &id(&object, "odd")]);
    let value = &odd[0]["formatted"]["value"];
    assert_eq!(value, &json!({"low": 0, "high": 0, "at": "0x0", "number": 0, "real": 0.0}));
    let seen = id(&object, "seen");
    let key = ["map", "lookup", "id", &seen, "key", "1", "0", "0", "0"];
    let key = [&key[..], &["115", "115", "104", "0", "0", "0", "0", "0"]].concat();
    let Some(theirs) = bpftool(&key) else { return };
    assert_eq!(osmia_json(&key), theirs);
    let next = ["map", "getnext", "id", &id(&object, "counts")];
    let Some(theirs) = bpftool(&next) else { return };
    assert_eq!(osmia_json(&next), theirs);
}

#[test]
fn dumps_have_filters_and_formats() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    fill(&object);
    let seen = id(&object, "seen");
    let dump = |more: &[&str]| osmia(&[&["map", "dump", "id", &seen], more].concat()).done();
    let one = dump(&["--format", "ndjson", "--where", "value.mode=LOUD", "--where", "key.comm~s*"]);
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["key"], json!({"pid": 1, "comm": "ssh"}));
    assert_eq!(one["value"]["count"], u64::MAX);
    let table = dump(&[]);
    assert!(table.contains("{ pid: 2, comm: \"\" }     { count: 0, "), "{table}");
    assert!(table.ends_with("2 elements\n"), "{table}");
    let csv = dump(&["--format", "csv", "--where", "key.pid=2"]);
    assert!(csv.starts_with("key.pid,key.comm,value.count,value.delta,value.mode,"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("2,,0,0,QUIET,0,0,9,"), "{csv}");
    assert!(dump(&["--limit", "1"]).ends_with("1 element\n"));

    let counts = id(&object, "counts");
    let cpus = Kernel::running().unwrap().possible_cpus().unwrap();
    let sum = osmia_json(&["map", "dump", "id", &counts, "--sum"]);
    assert_eq!(sum[0]["sum"], json!(5 * cpus));
    assert_eq!(osmia(&["map", "count", "id", &seen]).done(), "2\n");
    let jumps = osmia(&["map", "dump", "id", &id(&object, "jumps")]).done();
    assert!(jumps.contains("emit"), "{jumps}");
    let data = osmia(&["map", "dump", "id", &id(&object, ".data")]).done();
    assert!(data.contains("LOUD") && data.contains("{ pid: 7, comm: \"me\" }"), "{data}");
}

#[test]
fn elements_are_written_as_types_want_them() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let seen = id(&object, "seen");
    let on = |verb: &str, words: &[&str]| osmia(&[&["map", verb, "id", &seen], words].concat());
    let value = "{count: 3, mode: LOUD}";
    let written =
        on("update", &["key", "{pid: 5, comm: \"a b\"}", "value", value, "noexist"]).done();
    assert_eq!(written, "inserted\n");
    let again = on("update", &["key", "{pid: 5, comm: \"a b\"}", "value", value, "noexist"]);
    assert!(again.failed().contains("the key is there already"));
    let shown = on("lookup", &["key", "{\"pid\": 5, \"comm\": \"a b\"}"]).done();
    assert!(shown.starts_with("{ count: 3, delta: 0, mode: LOUD, "), "{shown}");
    let wrong = on("update", &["key", "{pid: 5}", "value", "{cuont: 1}"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("struct what has no cuont; it has count"), "{}", wrong.err);
    let short = on("lookup", &["key", "1", "2", "3"]);
    assert_eq!(short.code, Some(2));
    assert!(short.err.contains("the key has 12 bytes, 3 are given"), "{}", short.err);
    on("delete", &["key", "{pid: 5, comm: \"a b\"}"]).done();
    let absent = on("delete", &["key", "{pid: 5, comm: \"a b\"}"]);
    assert_eq!(absent.code, Some(3));
    assert!(absent.err.contains("has no key { pid: 5, comm: \"a b\" }"), "{}", absent.err);

    let absent = osmia(&["-j", "map", "lookup", "name", "sen", "key", "1"]);
    assert_eq!(absent.code, Some(3));
    let error: Value = serde_json::from_str(&absent.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("did you mean"), "{error}");
    let ring = osmia(&["map", "dump", "id", &id(&object, "ring")]);
    assert_eq!(ring.code, Some(5));
    assert!(ring.err.contains("osmia map follow id"), "{}", ring.err);
}

#[test]
fn maps_are_made_pinned_and_frozen() {
    let Some(_gate) = Gate::root() else { return };
    let bpffs = Bpffs::new();
    let make = |name: &str, words: &str| {
        let path = bpffs.join(name).to_str().unwrap().to_owned();
        let mut arguments = vec!["map", "create", &path];
        arguments.extend(words.split_whitespace());
        osmia(&arguments).done();
        path
    };
    let on = |verb: &str, path: &str, words: &str| {
        let mut arguments = vec!["map", verb, "pinned", path];
        arguments.extend(words.split_whitespace());
        osmia(&arguments)
    };
    let nets = make("nets", "type lpm_trie key 8 value 4 entries 8 name nets flags no_prealloc");
    on("update", &nets, "key 10.0.0.0/8 value 1").done();
    on("update", &nets, "key 10.1.0.0/16 value 2").done();
    assert_eq!(on("lookup", &nets, "key 10.1.2.3/32").done(), "02 00 00 00\n");
    on("freeze", &nets, "").done();
    assert_eq!(on("update", &nets, "key 1.0.0.0/8 value 3").code, Some(4));

    let queue = make("queue", "type queue value 4 entries 2 name queue");
    on("push", &queue, "value 9").done();
    on("enqueue", &queue, "value hex 08 00 00 00").done();
    assert_eq!(on("peek", &queue, "").done(), "09 00 00 00\n");
    assert_eq!(on("pop", &queue, "").done(), "09 00 00 00\n");
    assert_eq!(on("dequeue", &queue, "").done(), "08 00 00 00\n");
    assert_eq!(on("pop", &queue, "").code, Some(3));

    let macs = make("macs", "type hash key 6 value 16 entries 2 name macs");
    on("update", &macs, "key 02:00:00:00:00:0a value fe80::1").done();
    let (theirs, ours) =
        (bpftool(&["map", "dump", "pinned", &macs]), osmia_json(&["map", "dump", "pinned", &macs]));
    let Some(theirs) = theirs else { return };
    assert_eq!(ours, theirs);
    assert_eq!(ours[0]["key"][5], "0x0a");
    let bloom = make("bloom", "type bloom_filter value 4 entries 8 name bloom");
    on("push", &bloom, "value 7").done();
    on("lookup", &bloom, "value 7").done();
    assert_eq!(on("lookup", &bloom, "value 8").code, Some(3));

    let inner = make("inner", "type array key 4 value 8 entries 1 name inner");
    let outer = make(
        "outer",
        &format!("type hash_of_maps key 4 value 4 entries 2 name outer inner_map pinned {inner}"),
    );
    on("update", &outer, &format!("key 3 value pinned {inner}")).done();
    on("update", &inner, "key 0 value 99").done();
    let shown = osmia_json(&["map", "dump", "pinned", &outer, "--inner"]);
    assert_eq!(shown[0]["inner"]["elements"][0]["value"], "6300000000000000");
    let other = bpffs.join("other").to_str().unwrap().to_owned();
    on("pin", &inner, &other).done();
    assert_eq!(osmia_json(&["map", "show", "pinned", &other])["name"], "inner");
    let wrong = osmia(&["map", "create", &other, "type", "hsh"]);
    assert!(wrong.err.contains("did you mean hash?"), "{}", wrong.err);
}

#[test]
fn variables_are_read_and_set_by_name() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let emit = object.program("emit").unwrap();
    let prog = emit.info().unwrap().id.to_string();
    let var = |words: &[&str]| osmia(&[&["var"], words, &["prog", "id", &prog]].concat());
    assert_eq!(var(&["get", "level"]).done(), "3\n");
    let before = emit.test_run(&TestRun::data(&[0; 14])).unwrap().retval;
    var(&["set", "level", "10"]).done();
    var(&["set", "mode", "QUIET"]).done();
    let after = emit.test_run(&TestRun::data(&[0; 14])).unwrap().retval;
    // 3 + LOUD + 'i', then 10 + QUIET + the NUL behind it.
    assert_eq!((before, after), (3 + 5 + 105, 10));
    var(&["set", "owner", "{comm: you}"]).done();
    assert_eq!(var(&["get", "owner"]).done(), "{ pid: 7, comm: \"you\" }\n");
    var(&["set", "owner.pid", "8"]).done();
    assert_eq!(var(&["get", "owner.pid"]).done(), "8\n");
    assert_eq!(var(&["get", "runs"]).done(), "2\n");
    let list = osmia_json(&["var", "list", "prog", "id", &prog]);
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in ["level", "mode", "owner", "runs", "greeting"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let constant = var(&["set", "greeting", "ho"]);
    assert_eq!(constant.code, Some(5));
    assert!(constant.err.contains("osmia run --set"), "{}", constant.err);
    assert!(var(&["set", "level", "5000000000"]).err.contains("does not fit int"));
    assert!(var(&["get", "lvel"]).err.contains("did you mean level?"));
}

#[test]
fn dumps_go_to_files_and_back() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    fill(&object);
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for map in ["seen", "counts"] {
        let (map, file) = (id(&object, map), file(map));
        osmia(&["map", "export", "id", &map, &file]).done();
        assert_eq!(osmia(&["map", "diff", &file, "id", &map]).done(), "");
    }
    let (seen, before) = (id(&object, "seen"), file("seen"));
    osmia(&["map", "delete", "id", &seen, "key", "{pid: 2}"]).done();
    osmia(&["map", "update", "id", &seen, "key", "{pid: 1, comm: ssh}", "value", "{}"]).done();
    osmia(&["map", "update", "id", &seen, "key", "{pid: 3}", "value", "{}"]).done();
    let changes = osmia_json(&["map", "diff", &before, "id", &seen]);
    let mut kinds: Vec<&str> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["change"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["changed", "gone", "new"]);
    osmia(&["map", "import", "id", &seen, &before]).done();
    osmia(&["map", "delete", "id", &seen, "key", "{pid: 3}"]).done();
    assert_eq!(osmia(&["map", "diff", &before, "id", &seen]).done(), "");
    std::fs::write(file("bad"), "[1]").unwrap();
    assert!(
        osmia(&["map", "import", "id", &seen, &file("bad")]).failed().contains("no dump of a map")
    );
}

#[test]
fn changes_are_watched() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts = id(&object, "counts");
    let watch = ["-j", "map", "watch", "id", &counts, "--interval", "50ms"];
    osmia(&["map", "update", "id", &counts, "key", "1", "value", "1"]).done();
    let mut child = start(&watch);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["change"], "new");
    osmia(&["map", "update", "id", &counts, "key", "1", "value", "2"]).done();
    let change = next();
    assert_eq!(
        (&change["change"], &change["value"][0], &change["before"][0]),
        (&json!("changed"), &json!(2), &json!(1))
    );
    osmia(&["map", "delete", "id", &counts, "key", "1"]).done();
    assert_eq!(next()["change"], "gone");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn events_are_followed() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let emit = object.program("emit").unwrap();
    for (map, expected) in
        [("ring", json!({"pid": 7, "comm": "me"})), ("perf", json!({"pid": 1, "comm": "emit"}))]
    {
        let id = id(&object, map);
        let arguments = [
            "-j",
            "map",
            "follow",
            "id",
            &id,
            "--type",
            "who",
            "--count",
            "2",
            "--duration",
            "20s",
        ];
        let mut child = start(&arguments);
        while child.try_wait().unwrap().is_none() {
            emit.test_run(&TestRun::data(&[0; 14])).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let out = Said::of(child.wait_with_output().unwrap()).done();
        let lines: Vec<Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{out}");
        assert_eq!(lines[0]["value"], expected);
        let first = format!("0x{:02x}", expected["pid"].as_u64().unwrap());
        assert_eq!(lines[0]["data"][0], first);
    }
    let seen = id(&object, "seen");
    let none = osmia(&["map", "follow", "id", &seen]);
    assert_eq!(none.code, Some(5));
}
