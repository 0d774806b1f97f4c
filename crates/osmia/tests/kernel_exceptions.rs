//! Programs that throw; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[test]
fn what_a_program_throws_is_caught() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("exception").bytes() else { return };
    let spec = osmia::open("exception", bytes).unwrap();
    let linked = spec.link("throws").unwrap();
    let names: Vec<&str> = linked.functions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["throws", "caught"], "nothing calls it, and it is there");
    assert_eq!(spec.link("throws_uncaught").unwrap().functions.len(), 1);
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let absent = |error: &osmia::Error| format!("{error:#}").contains("bpf_throw");
    let Some(object) = gate.take("exceptions", "6.7", loaded, absent) else { return };
    let run = |name: &str| {
        object.program(name).unwrap().test_run(&TestRun::data(&[0; 14])).unwrap().retval
    };
    assert_eq!((run("throws"), run("throws_uncaught")), (42, 7));
}
