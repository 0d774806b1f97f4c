//! Global variables against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use osmia::{ErrorKind, Kernel, Object, ObjectSpec, TestRun};
use osmia_sys::{Bpf, Call, CallCounter, Errno, Returned, Syscalls};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("variables", Fixture::new("variables").bytes()?).unwrap())
}

fn load(spec: &ObjectSpec) -> Object {
    let kernel = Kernel::running().unwrap();
    Object::load(spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"))
}

fn run(object: &Object, program: &str) -> u32 {
    object.program(program).unwrap().test_run(&TestRun::data(&[0; 14])).unwrap().retval
}

#[test]
fn a_constant_is_set_before_loading() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    assert_eq!(run(&load(&spec), "const_example"), 50);
    spec.set("const_u32", 12_u32).unwrap();
    let object = load(&spec);
    assert!(object.notes().is_empty(), "{:#}", object.notes()[0]);
    assert_eq!(run(&object, "const_example"), 12);
    let constant = object.variable("const_u32").unwrap().constant::<u32>().unwrap();
    assert_eq!(constant.get().unwrap(), 12);
}

#[test]
fn a_variable_is_set_before_and_after_loading_and_read_back() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.set("global_u16", 9000_u16).unwrap();
    let object = load(&spec);
    let global = object.variable("global_u16").unwrap().typed::<u16>().unwrap();
    assert!(global.is_mapped());
    run(&object, "uses");
    assert_eq!(global.get().unwrap(), 9001);
    global.set(&65535).unwrap();
    run(&object, "uses");
    assert_eq!(global.get().unwrap(), 0);
}

#[test]
fn structs_arrays_text_and_sections_of_their_own_hold_their_values() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.set("greeting", "hi").unwrap();
    spec.set("flag", false).unwrap();
    spec.set("ports", [1_u32, 2, 3, 4]).unwrap();
    let object = load(&spec);
    let bytes = |name: &str| object.variable(name).unwrap().read().unwrap();
    assert_eq!(bytes("greeting")[..3], *b"hi\0");
    assert_eq!(bytes("flag"), [0]);
    assert_eq!(
        object.variable("ports").unwrap().typed::<[u32; 4]>().unwrap().get().unwrap(),
        [1, 2, 3, 4]
    );
    assert_eq!(object.variable("configured").unwrap().typed::<u64>().unwrap().get().unwrap(), 77);
    let moved = object.variable("moved").unwrap().typed::<[u64; 2]>().unwrap();
    moved.set(&[0x0000_0002_0000_0001, 3]).unwrap();
    assert_eq!(bytes("moved")[..8], 0x0000_0002_0000_0001_u64.to_ne_bytes());
    let big = object.variable("big").unwrap();
    big.write(&[7; 8000]).unwrap();
    assert_eq!(big.typed::<[u64; 1000]>().unwrap().get().unwrap()[999], u64::from_ne_bytes([7; 8]));
}

#[test]
fn constants_stay_and_sizes_are_checked() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let object = load(&spec);
    let constant = object.variable("const_u32").unwrap();
    assert!(constant.is_constant());
    let error = constant.typed::<u32>().unwrap().set(&1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.to_string().contains("its value is set before loading"), "{error}");
    let error = constant.typed::<u64>().unwrap_err();
    assert!(error.to_string().contains("`const_u32` has 4 bytes; u64 has 8"), "{error}");
    let error = object.variable("global_u16").unwrap().constant::<u16>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = object.variable("big").unwrap().write(&[1]).unwrap_err();
    assert!(error.to_string().contains("has 8000 bytes, 1 are given"), "{error}");
}

#[test]
fn an_absent_name_lists_what_exists_before_and_after_loading() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    let before = osmia::Error::from(spec.set("const_u23", 1_u32).unwrap_err());
    assert_eq!(before.kind(), ErrorKind::NotFound);
    let after = load(&spec).variable("const_u23").unwrap_err();
    assert_eq!(after.kind(), ErrorKind::NotFound);
    for text in [before.to_string(), after.to_string()] {
        assert!(text.contains("did you mean"), "{text}");
        assert!(text.contains("const_u32"), "{text}");
        assert!(text.contains("compiler"), "{text}");
    }
}

/// A kernel that cannot map arrays, like those before 5.5.
struct NoMapping;

impl Syscalls for NoMapping {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        let flags = call.attr::<osmia_sys::abi::MapCreateAttr>().map_flags;
        let creates = call.cmd() == osmia_sys::abi::Cmd::MAP_CREATE;
        if creates && flags & osmia_sys::abi::flags::BPF_F_MMAPABLE != 0 {
            return Err(Errno::INVAL);
        }
        call.proceed()
    }
}

#[test]
fn where_nothing_can_be_mapped_system_calls_do() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let kernel = Kernel::builder().bpf(Bpf::kernel().with(Arc::new(NoMapping))).build().unwrap();
    let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let global = object.variable("global_u16").unwrap().typed::<u16>().unwrap();
    assert!(!global.is_mapped());
    global.set(&9000).unwrap();
    run(&object, "uses");
    assert_eq!(global.get().unwrap(), 9001);
    assert_eq!(object.variable("const_u32").unwrap().read().unwrap(), 50_u32.to_ne_bytes());
    let moved = object.variable("moved").unwrap().typed::<[u64; 2]>().unwrap();
    moved.set_slice(1, &[8]).unwrap();
    let mut read = [0];
    moved.get_slice(1, &mut read).unwrap();
    assert_eq!((read[0], moved.at(1).unwrap().get().unwrap()), (8, 8));
    let error = global.atomic().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("5.5 can map it"), "{error}");
}

#[test]
fn mapped_variables_take_no_system_call() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let counter = Arc::new(CallCounter::default());
    let kernel = Kernel::builder().bpf(Bpf::kernel().with(counter.clone())).build().unwrap();
    let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let global = object.variable("global_u16").unwrap().typed::<u16>().unwrap();
    let constant = object.variable("const_u32").unwrap().typed::<u32>().unwrap();
    counter.reset();
    for value in 0..1000 {
        global.set(&value).unwrap();
        assert_eq!(global.get().unwrap(), value);
    }
    assert_eq!(constant.get().unwrap(), 50);
    assert_eq!(counter.total(), 0);
}
