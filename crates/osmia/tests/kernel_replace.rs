//! Programs on functions of other programs: freplace, and fexit; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, ExtensionProgram, Kernel, Loader, Object, ObjectSpec, Program, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

/// The object with this program alone.
fn spec(program: &str) -> Option<ObjectSpec> {
    let mut spec = osmia::open("replace", Fixture::new("replace").bytes()?).unwrap();
    spec.programs[program].autoload = true;
    Some(spec)
}

fn answer(program: &Program) -> u32 {
    program.test_run(&TestRun::data(&[0; 14])).unwrap().retval
}

fn load(program: &str, target: &Program) -> Result<Object, osmia::Error> {
    let kernel = Kernel::running().unwrap();
    Loader::new(&kernel).target(program, target).load(&spec(program).unwrap())
}

#[test]
fn a_function_of_another_program_is_replaced_and_given_back() {
    let Some(gate) = Gate::root() else { return };
    let Some(asks) = spec("asks") else { return };
    let kernel = Kernel::running().unwrap();
    let first = Object::load(&asks, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let asks = first.program("asks").unwrap();
    assert_eq!(answer(asks), 1);
    if !gate.may_patch_functions("freplace programs") {
        let refused = load("replacement", asks).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Permission, "{refused:#}");
        return;
    }
    let other = load("replacement", asks).unwrap_or_else(|error| panic!("{error:?}"));
    let link = other.program("replacement").unwrap().attach().unwrap();
    assert_eq!(answer(asks), 42);
    drop(link);
    assert_eq!(answer(asks), 1);
    // Another program of the same kind, which it was not loaded for.
    let second = Object::load(&spec("asks").unwrap(), &kernel).unwrap();
    let twin = second.program("asks").unwrap();
    let replacement = other.program("replacement").unwrap().clone();
    let replacement = ExtensionProgram::try_from(replacement).unwrap();
    if gate.part_needs("freplace programs for several targets", "5.10", true) {
        let link = replacement.attach_to(twin, "answer").unwrap();
        assert_eq!((answer(asks), answer(twin)), (1, 42));
        drop(link);
    }
    let whole = load("whole", asks).unwrap_or_else(|error| panic!("{error:?}"));
    let _link = whole.program("whole").unwrap().attach().unwrap();
    assert_eq!(answer(asks), 43);
}

#[test]
fn a_function_of_another_program_is_watched() {
    let Some(gate) = Gate::root() else { return };
    let Some(asks) = spec("asks") else { return };
    let object = Object::load(&asks, &Kernel::running().unwrap()).unwrap();
    let asks = object.program("asks").unwrap();
    if !gate.may_patch_functions("fexit programs on programs") {
        let refused = load("watches", asks).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Permission, "{refused:#}");
        return;
    }
    let other = load("watches", asks).unwrap_or_else(|error| panic!("{error:?}"));
    let _link = other.program("watches").unwrap().attach().unwrap();
    assert_eq!(answer(asks), 1);
    assert_eq!(other.variable("seen").unwrap().typed::<u64>().unwrap().get().unwrap(), 1);
}

#[test]
fn targets_that_are_none_are_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(asks) = spec("asks") else { return };
    let kernel = Kernel::running().unwrap();
    let object = Object::load(&asks, &kernel).unwrap();
    let target = object.program("asks").unwrap();
    let told = |loader: Loader, spec: &ObjectSpec| format!("{:#}", loader.load(spec).unwrap_err());
    let loader = || Loader::new(&kernel);
    let mut replacement = spec("replacement").unwrap();
    let text = told(loader(), &replacement);
    assert!(text.contains("replace a function of another program"), "{text}");
    let text = told(loader().target("replacment", target), &replacement);
    assert!(text.contains("there is no program `replacment` to have a target"), "{text}");
    let text = told(loader().target("asks", target), &asks);
    assert!(
        text.contains("program `asks` in section `?socket` attaches to no other program"),
        "{text}"
    );
    replacement.programs["replacement"].attach_target = Some("anwser".to_owned());
    let text = told(loader().target("replacement", target), &replacement);
    assert!(text.contains("program `asks` has no function `anwser`"), "{text}");
    assert!(text.contains("`answer`"), "{text}");
}
