//! Jumps through registers, out of instruction arrays; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, Kernel, MapType, Object, ObjectSpec, ProgType, TestRun};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Cpu, Fixture};
use osmia_testkit::gate::Gate;

/// Loads the object, where the kernel has instruction arrays.
fn load(gate: &Gate, spec: &ObjectSpec) -> Option<Object> {
    let kernel = Kernel::running().unwrap();
    // Which the object's programs are.
    let syscall = kernel.has_program_type(ProgType::SYSCALL).unwrap();
    if !gate.needs("programs of user space's own", "5.14", syscall) {
        return None;
    }
    let outcome = Object::load(spec, &kernel);
    let refused = |error: &osmia::Error| {
        let text = format!("{error:#}");
        let feature = "instruction arrays";
        matches!(error.kind(), ErrorKind::Unsupported { feature: named, .. } if named == feature)
            && text.contains("make its jump table")
            && text.contains("-mcpu=v3")
    };
    gate.take("instruction arrays", "6.19", outcome, refused)
}

fn answer(object: &Object, program: &str, number: u64) -> u32 {
    let run = TestRun::new().ctx(&number);
    object.program(program).unwrap().test_run(&run).unwrap().retval
}

#[test]
fn a_switch_jumps_through_its_table() {
    let Some(gate) = Gate::root() else { return };
    let fixture = Fixture::new("jump_tables").clang(Clang::V19).cpu(Cpu::V4);
    let Some(bytes) = fixture.bytes() else { return };
    let Some(object) = load(&gate, &osmia::open("jump_tables", bytes).unwrap()) else { return };
    let answers = [0, 1, 2, 3].map(|number| answer(&object, "chooses", number));
    assert_eq!(answers, [17, 5, 99, 4]);
    assert_eq!(answer(&object, "before", 6), 7);
}

#[test]
fn compilers_tables_work_in_programs_and_subprograms() {
    let Some(gate) = Gate::root() else { return };
    let fixture = Fixture::new("jump_tables").define("COMPILED").clang(Clang::V22).cpu(Cpu::V4);
    let Some(bytes) = fixture.bytes() else { return };
    let Some(object) = load(&gate, &osmia::open("jump_tables", bytes).unwrap()) else { return };
    let worth = [17, 5, 99, 1000, 6, 70, 31, 12, 600, 41, 2, 77, 45, 9, 300, 8, 4, 4];
    for (number, worth) in (0..).zip(worth) {
        assert_eq!(answer(&object, "chooses", number), worth, "{number}");
    }
    assert_eq!(answer(&object, "chooses_twice", 2), 99 + 1000);
    assert_eq!(
        [0, 1, 2, 9].map(|number| answer(&object, "computed", number)),
        [11, 22, 33, u32::MAX]
    );
    // Each program has a table of its own, which nobody else holds open.
    let ids = |name: &str| object.program(name).unwrap().info().unwrap().map_ids;
    let (one, other) = (ids("chooses"), ids("chooses_twice"));
    assert_eq!((one.len(), other.len()), (1, 1));
    assert_ne!(one, other);
}

#[test]
fn every_type_of_map_is_there_since_the_release_that_is_told() {
    let Some(gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    for map_type in (1..=MapType::INSN_ARRAY.0).map(MapType) {
        let since = Kernel::map_type_since(map_type).unwrap().to_string();
        let there = kernel.has_map_type(map_type).unwrap();
        if !gate.part_needs(&map_type.to_string(), &since, there) {}
    }
}
