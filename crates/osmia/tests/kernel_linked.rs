//! Objects that were linked of several, on the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Kernel, Object, TestRun};
use osmia_link::{ObjectFile, link};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn parts(clang: Clang) -> Option<Vec<ObjectFile>> {
    let object = |stem: &str| {
        Some(ObjectFile::new(format!("{stem}.o"), Fixture::new(stem).clang(clang).bytes()?))
    };
    ["parts_entry", "parts_count", "parts_deep"].into_iter().map(object).collect()
}

#[test]
fn linked_programs_call_and_count_across_files() {
    let Some(_gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    for clang in [Clang::V14, Clang::V16, Clang::V19] {
        let Some(parts) = parts(clang) else { continue };
        let linked = link(&parts).unwrap_or_else(|error| panic!("{clang}: {error}"));
        let spec = osmia::open("linked", linked).unwrap();
        let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(object.notes().is_empty(), "{clang}: {:#}", object.notes()[0]);
        let run = |program: &str| {
            let packet = TestRun::data(&[0; 20]);
            object.program(program).unwrap().test_run(&packet).unwrap().retval
        };
        assert_eq!(run("entry"), 34_492_098, "{clang}");
        assert_eq!(run("counts_own"), 30, "{clang}");
        // `calls` of the third file: 5, and what its `twist` was given so far.
        assert_eq!(run("deeper"), 31 + 31 + 5 + 4 + 1 + 1, "{clang}");
        let total = object.variable("total").unwrap().typed::<u64>().unwrap().get().unwrap();
        assert_eq!(total, 40 + 2 + 1, "{clang}");
        let counts = object.map("counts").unwrap().info().unwrap();
        assert_eq!((counts.name.as_str(), counts.max_entries), ("counts", 2));
        let info = object.program("entry").unwrap().info().unwrap();
        assert_ne!(info.btf_id, 0, "{clang}: the kernel takes the linked types");
    }
}

#[test]
fn slots_of_maps_are_filled_by_other_files() {
    let Some(gate) = Gate::root() else { return };
    let object = |stem: &str| Some(ObjectFile::new(stem, Fixture::new(stem).bytes()?));
    let (Some(slots), Some(filled)) = (object("parts_slots"), object("parts_filled")) else {
        return;
    };
    let linked = link(&[slots, filled]).unwrap_or_else(|error| panic!("{error}"));
    let spec = osmia::open("slots", linked).unwrap();
    let outcome = Object::load(&spec, &Kernel::running().unwrap());
    let no_callbacks = |error: &osmia::Error| format!("{error:#}").contains("callback");
    let Some(object) = gate.take("callbacks", "5.13", outcome, no_callbacks) else { return };
    let run = |program: &str| {
        let packet = TestRun::data(&[0; 20]);
        object.program(program).unwrap().test_run(&packet).unwrap().retval
    };
    assert_eq!(run("sums"), 1000 + 3);
    assert_eq!(run("second"), 2000 + 20);
    assert_eq!(run("jumps_far"), 2000 + 20, "through the program array");
    assert_eq!([run("looks_up"), run("looks_up")], [5, 10], "through the map of maps");
}
