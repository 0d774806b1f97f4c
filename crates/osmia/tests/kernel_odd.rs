//! What compilers take and kernels do not, loaded; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, Kernel, Object, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[test]
fn addresses_that_nobody_fills_in_are_told_and_all_else_works() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("odd").bytes() else { return };
    let spec = osmia::open("odd", bytes).unwrap();
    let kernel = Kernel::running().unwrap();
    let object = match Object::load(&spec, &kernel) {
        Ok(object) => object,
        Err(error) => {
            assert!(!gate.needs("global data", "5.2", false), "{error:?}");
            return;
        }
    };
    let notes: Vec<String> = object.notes().iter().map(|note| format!("{note:#}")).collect();
    let told = |words: &[&str]| {
        let found = notes.iter().any(|note| words.iter().all(|word| note.contains(word)));
        assert!(found, "{words:?}: {notes:#?}");
    };
    told(&["variable `px` of odd.bpf.c", "&x1 in C"]);
    told(&["variable `px2` of odd.bpf.c", "&x2 in C"]);
    told(&["variable `table`", "&one in C"]);
    told(&["variable `words`"]);
    // The types went to the kernel, empty struct and letters and all.
    assert_eq!(notes.len(), 4, "{notes:#?}");
    let program = object.program("odd").unwrap();
    assert_ne!(program.info().unwrap().btf_id, 0);
    let answer = program.test_run(&TestRun::data(&[0; 14])).unwrap().retval;
    // What addresses leave behind in the file counts as C's would where it is not 0.
    assert!(answer > 20 + 7 + 8, "{answer}");
}

#[test]
fn a_map_that_is_none_is_refused_when_it_is_loaded() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("odd").define("MAPS").bytes() else { return };
    let spec = osmia::open("odd", bytes).unwrap();
    let kernel = Kernel::running().unwrap();
    for (name, words) in [
        ("conflicting", "map `conflicting`: its `key`"),
        ("number", "map `number`: it is no struct of"),
        ("outer", "map `outer.inner`: its `type` is missing"),
    ] {
        let mut spec = spec.clone();
        spec.programs.retain(|program, _| program == "odd");
        spec.maps.retain(|map, _| map == name || map == "good" || map.starts_with('.'));
        let error = Object::load(&spec, &kernel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(format!("{error:#}").contains(words), "{error:#}");
    }
}
