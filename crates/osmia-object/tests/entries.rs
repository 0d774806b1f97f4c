//! Which functions are programs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_abi::ProgType;
use osmia_object::ObjectSpec;
use osmia_testkit::fixture::Fixture;

#[test]
fn a_static_function_is_a_program_if_nothing_calls_it() {
    compilers::each("entries", |label, spec| {
        let mut names: Vec<_> = spec.programs.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alone", "entry"], "{label}");
        assert_eq!(spec.programs["alone"].prog_type, Some(ProgType::XDP), "{label}");
        let linked = spec.link("entry").unwrap();
        let names: Vec<_> = linked.functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["entry", "helps"], "{label}");
    });
}

#[test]
fn code_without_a_section_waits_for_a_type() {
    let Some(bytes) = Fixture::new("entries").define("TEXT").bytes() else { return };
    let spec = ObjectSpec::parse("entries", bytes.into()).unwrap();
    let bare = &spec.programs["bare"];
    assert_eq!((bare.prog_type, bare.autoload), (None, false));
    assert_eq!(spec.link("bare").unwrap().functions.len(), 1);
}
