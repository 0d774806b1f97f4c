//! Loading objects into the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[test]
fn a_constant_is_set_and_a_test_run_returns_it() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("variables").bytes() else { return };
    let mut spec = osmia::open("variables", bytes).unwrap();
    spec.set("const_u32", 12_u32).unwrap();
    let object =
        Object::load(&spec, &Kernel::running().unwrap()).unwrap_or_else(|e| panic!("{e:?}"));
    for note in object.notes() {
        println!("note: {note:#}");
    }
    let program = object.program("const_example").unwrap();
    assert_eq!(program.test_run(&TestRun::data(&[0; 14])).unwrap().retval, 12);
    let error = program.test_run(&TestRun::data(&[0; 13])).unwrap_err();
    println!("{error:#}");
}
