//! The functions that stacks of processes go through; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Error, ErrorKind, Kernel, Object, StackTraces, TestRun, UserSymbols};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

#[inline(never)]
fn somewhere() -> u64 {
    std::hint::black_box(7)
}

#[test]
fn functions_of_this_process_are_named() {
    let Some(_gate) = Gate::root() else { return };
    let (symbols, own) = (UserSymbols::new(), std::process::id());
    let start = somewhere as fn() -> u64 as usize as u64;
    let found = good(symbols.find(own, &[start, start + 1, 8]));
    let [Some(at), Some(behind), None] = &found[..] else { panic!("{found:?}") };
    assert!(at.name.starts_with("kernel_symbols::somewhere"), "{at:?}");
    assert_eq!((at.offset, behind.offset, &behind.name), (0, 1, &at.name));
    assert_eq!(at.file.as_deref(), Some(&*std::env::current_exe().unwrap()));
    assert!(at.to_string().contains("+0x0 [kernel_symbols"), "{at}");
    assert_eq!(somewhere(), 7);
    // No process has such a number.
    let error = symbols.find(i32::MAX.unsigned_abs(), &[start]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

#[test]
fn a_stack_leads_to_the_system_call() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("readers").bytes() else { return };
    let mut spec = good(osmia::open("readers", bytes));
    spec.programs.retain(|name, _| name == "take_stacks");
    spec.maps.retain(|name, _| name != "orders");
    let object = good(Object::load(&spec, &good(Kernel::running())));
    good(good(object.program("take_stacks")).test_run(&TestRun::new()));
    let stacks: StackTraces = good(good(object.map("stacks")).clone().try_into());
    let id = good(good(good(object.variable("user_stack")).typed::<i64>()).get());
    let addresses = good(stacks.get(u32::try_from(id).unwrap())).unwrap();
    let found = good(UserSymbols::new().find(std::process::id(), &addresses));
    assert_eq!(found.len(), addresses.len());
    // The innermost function is the C library's.
    let inner = found[0].as_ref().unwrap();
    assert!(inner.name.contains("syscall"), "{found:?}");
}
