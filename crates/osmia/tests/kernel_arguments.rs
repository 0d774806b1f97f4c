//! Arguments that say what they are, on kernels that know it and on those that do not; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use osmia::{Kernel, Loader, Object, TestRun};
use osmia_sys::abi::{Cmd, ProgLoadAttr};
use osmia_sys::{Bpf, Call, Errno, Returned, Syscalls};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

/// A kernel that does not know the tag: a program that says types of functions must say such without.
struct WithoutTags;

impl Syscalls for WithoutTags {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        // What tells the probe: a socket filter without a name that calls a function.
        let probe = || {
            let attr = call.attr::<ProgLoadAttr>();
            attr.prog_name == [0; 16] && attr.func_info_cnt == 2
        };
        if call.cmd() == Cmd::PROG_LOAD && probe() {
            return Err(Errno::INVAL);
        }
        call.proceed()
    }
}

fn check(kernel: &Kernel, bytes: Vec<u8>) {
    let spec = osmia::open("arguments", bytes).unwrap();
    let object = Object::load(&spec, kernel).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(object.notes().is_empty(), "{:#}", object.notes()[0]);
    for (program, answer) in [("of_socket", 2), ("of_xdp", 3), ("of_tc", 4)] {
        let outcome = object.program(program).unwrap().test_run(&TestRun::data(&[0; 14]));
        assert_eq!(outcome.unwrap().retval, answer, "{program}");
        assert_ne!(object.program(program).unwrap().info().unwrap().btf_id, 0, "{program}");
    }
}

#[test]
fn contexts_are_taken_by_functions_of_all_types_of_programs() {
    let Some(_gate) = Gate::root() else { return };
    for clang in [Clang::DEFAULT, Clang::V19] {
        let Some(bytes) = Fixture::new("arguments").clang(clang).bytes() else { continue };
        check(&Kernel::running().unwrap(), bytes);
    }
}

#[test]
fn types_for_kernels_without_the_tag_are_good_for_all() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arguments").bytes() else { return };
    let bpf = Bpf::kernel().with(Arc::new(WithoutTags));
    check(&Kernel::builder().bpf(bpf).build().unwrap(), bytes);
}

#[test]
fn arguments_that_are_never_null_need_no_question() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arguments").bytes() else { return };
    let mut spec = osmia::open("arguments", bytes).unwrap();
    spec.programs.retain(|name, _| name == "nonnull");
    spec.programs["nonnull"].autoload = true;
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    if !gate.needs("arguments that are never null", "6.8", loaded.is_ok()) {
        return;
    }
    let object = loaded.unwrap();
    let outcome = object.program("nonnull").unwrap().test_run(&TestRun::data(&[0; 14]));
    assert_eq!(outcome.unwrap().retval, 42);
}

/// A kernel before 5.5: it does not have the helpers 112 to 115.
struct WithoutReads;

impl Syscalls for WithoutReads {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        let calls = |insn: &[u8]| {
            let helper = i32::from_ne_bytes([insn[4], insn[5], insn[6], insn[7]]);
            insn[..2] == [0x85, 0] && (112..=115).contains(&helper)
        };
        if call.cmd() == Cmd::PROG_LOAD && call.input().chunks_exact(8).any(calls) {
            return Err(Errno::INVAL);
        }
        call.proceed()
    }
}

#[test]
fn memory_is_read_with_the_helpers_that_there_are() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("arguments").bytes() else { return };
    let mut spec = osmia::open("arguments", bytes).unwrap();
    spec.programs.retain(|name, _| name == "reads");
    spec.programs["reads"].autoload = true;
    let bpf = Bpf::kernel().with(Arc::new(WithoutReads));
    let older = Kernel::builder().bpf(bpf).build().unwrap();
    for kernel in [Kernel::running().unwrap(), older] {
        // With a log as without.
        for level in [None, Some(1)] {
            spec.programs["reads"].log_level = level;
            let object = Loader::new(&kernel).load(&spec).unwrap();
            let program = object.program("reads").unwrap();
            assert!(program.is_loaded());
            assert_eq!(program.verifier_log().is_some(), level.is_some());
        }
    }
}
