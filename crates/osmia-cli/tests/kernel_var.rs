//! Variables set by name, before and after loading, on the running kernel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use serde_json::{Value, json};

use crate::beside::{osmia, osmia_json};

#[test]
fn values_are_written_alike_before_and_after_loading() {
    let Some(gate) = Gate::root() else { return };
    let Some(path) = Fixture::new("written").path() else { return };
    let path = path.to_str().unwrap();
    let spec = osmia::open("written", std::fs::read(path).unwrap()).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("PROG_TYPE_SYSCALL");
    let Some(object) = gate.take("syscall programs", "5.14", loaded, refused) else { return };
    let values = [
        ("ip", "10.0.0.1"),
        ("mac", "aa:bb:cc:dd:ee:ff"),
        ("name", "eth0"),
        ("six", "fe80::1"),
        ("peer", "{\"ip\":\"10.0.0.2\"}"),
        ("peer.port", "80"),
        ("list[1]", "7"),
    ];
    let sets: Vec<String> =
        values.iter().map(|(name, value)| format!("--set={name}={value}")).collect();
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let out = osmia(&[&["-j", "run", path, "--duration", "1ms"], &sets[..]].concat()).done();
    let mut lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let before = lines.find_map(|line| line.get("variables").cloned()).unwrap();

    let id = object.program("sums").unwrap().info().unwrap().id.to_string();
    for (name, value) in values {
        osmia(&["var", "set", name, value, "prog", "id", &id]).done();
    }
    let get = |name: &str| osmia_json(&["var", "get", name, "prog", "id", &id]);
    for name in ["ip", "mac", "name", "six", "peer", "list"] {
        assert_eq!(before[name], get(name), "{name}");
    }
    assert_eq!(get("ip"), json!(u32::from_ne_bytes([10, 0, 0, 1])));
    assert_eq!(
        get("peer"),
        json!({ "ip": u32::from_ne_bytes([10, 0, 0, 2]), "port": 80, "name": "me" })
    );
    assert_eq!(get("list"), json!([1, 7, 3, 4]));
    // Text keeps room for its NUL in both.
    let long = "0123456789abcdef";
    let told = osmia(&["var", "set", "name", long, "prog", "id", &id]).failed_as(2);
    assert!(told.contains("room for 15 bytes and a NUL"), "{told}");
    let told = osmia(&["run", path, "--set", &format!("name={long}")]).failed();
    assert!(told.contains("room for 15 bytes and a NUL"), "{told}");
}

#[test]
fn variables_of_an_arena_are_found() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arena").clang(Clang::V19).bytes() else { return };
    let spec = osmia::open("arena", bytes).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("map `arena`");
    let Some(object) = gate.take("arenas", "6.9", loaded, refused) else { return };
    let program = object.program("counts").unwrap();
    let id = program.info().unwrap().id.to_string();
    let get = |name: &str| osmia_json(&["var", "get", name, "prog", "id", &id]);
    assert_eq!((get("counter"), get("numbers")), (json!(40), json!([1, 2, 3])));
    osmia(&["var", "set", "counter", "50", "prog", "id", &id]).done();
    osmia(&["var", "set", "numbers[1]", "9", "prog", "id", &id]).done();
    program.test_run(&TestRun::new()).unwrap();
    assert_eq!(get("counter"), json!(59));
    let listed = osmia_json(&["var", "list", "prog", "id", &id]);
    let names = listed.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>().len(), 2, "{listed}");
}
