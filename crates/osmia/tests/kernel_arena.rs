//! Arenas and the variables in them; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[test]
fn variables_in_an_arena_are_shared() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arena").clang(Clang::V19).bytes() else { return };
    let mut spec = osmia::open("arena", bytes).unwrap();
    assert_eq!(spec.variable("counter").unwrap().get::<u64>().unwrap(), 40);
    spec.set("numbers", [1_u32, 5, 3]).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("map `arena`");
    let Some(object) = gate.take("arenas", "6.9", loaded, refused) else { return };
    let counter = object.variable("counter").unwrap().typed::<u64>().unwrap();
    assert_eq!(counter.get().unwrap(), 40);
    let program = object.program("counts").unwrap();
    assert_eq!(program.test_run(&TestRun::new()).unwrap().retval, 0);
    assert_eq!(counter.get().unwrap(), 45);
    counter.set(&100).unwrap();
    program.test_run(&TestRun::new()).unwrap();
    assert_eq!(counter.get().unwrap(), 105);
}

#[test]
fn an_arena_is_mapped_where_it_wants_to_be() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arena").clang(Clang::V19).bytes() else { return };
    let mut spec = osmia::open("arena", bytes).unwrap();
    spec.maps["arena"].map_extra = 1 << 44;
    let kernel = Kernel::running().unwrap();
    let refused = |error: &osmia::Error| format!("{error:#}").contains("map `arena`");
    let Some(object) = gate.take("arenas", "6.9", Object::load(&spec, &kernel), refused) else {
        return;
    };
    object.program("counts").unwrap().test_run(&TestRun::new()).unwrap();
    let counter = object.variable("counter").unwrap().typed::<u64>().unwrap();
    assert_eq!(counter.get().unwrap(), 42);
    // The place is taken.
    let text = format!("{:#}", Object::load(&spec, &kernel).unwrap_err());
    assert!(text.contains("must be free in this process"), "{text}");
}

#[test]
fn an_arena_without_room_for_its_variables_is_refused() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arena").clang(Clang::V19).bytes() else { return };
    let mut spec = osmia::open("arena", bytes).unwrap();
    spec.maps["arena"].contents = vec![0; 5 * 4096].into();
    let error = Object::load(&spec, &Kernel::running().unwrap()).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("map `arena`"), "{text}");
}
