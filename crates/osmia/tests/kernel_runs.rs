//! Test runs in the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use osmia::{ErrorKind, Kernel, Object, ObjectSpec, TestRun};
use osmia_sys::abi::SkBuff;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("runs", Fixture::new("runs").bytes()?).unwrap())
}

fn load() -> Option<Object> {
    let kernel = Kernel::running().unwrap();
    Some(Object::load(&spec()?, &kernel).unwrap_or_else(|error| panic!("{error:?}")))
}

fn refusal(object: &Object, program: &str, run: &TestRun<'_>) -> String {
    let error = object.program(program).unwrap().test_run(run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:#}");
    assert!(error.to_string().contains(&format!("`{program}`")), "{error}");
    error.to_string()
}

#[test]
fn packets_go_in_and_come_out() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let run = |program: &str, run: &TestRun<'_>| {
        let result = object.program(program).unwrap().test_run(run);
        result.unwrap_or_else(|error| panic!("{error:?}"))
    };
    assert_eq!(run("of_socket", &TestRun::data(&[0; 14])).retval, 50);
    let result = run("of_xdp", &TestRun::data(&[1; 64]));
    assert_eq!(result.retval, 50);
    assert_eq!(result.data_out.len(), 72, "the program made it longer");
    assert_eq!(result.data_out[..3], [0xab, 1, 1]);
    let mut ctx = SkBuff { mark: 1, ..SkBuff::default() };
    ctx.priority = 2;
    let result = run("of_tc", &TestRun::data(&[0; 64]).ctx(&ctx));
    let out: SkBuff = result.ctx().unwrap();
    assert_eq!((out.mark, out.priority), (7, 2));
    assert_eq!(result.data_out.len(), 64);
}

#[test]
fn runs_are_repeated_and_timed() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let run = TestRun::data(&[0; 14]).repeat(10_000);
    let result = object.program("of_socket").unwrap().test_run(&run).unwrap();
    assert!(result.duration < Duration::from_millis(1), "{:?}", result.duration);
}

#[test]
fn contexts_go_in_and_come_out() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let raw_tp = object.program("of_raw_tp").unwrap();
    let arguments = [40_u64, 2];
    assert_eq!(raw_tp.test_run(&TestRun::new().ctx(&arguments)).unwrap().retval, 42);
    assert_eq!(raw_tp.test_run(&TestRun::new().ctx(&arguments).cpu(0)).unwrap().retval, 42);
}

#[test]
fn syscall_programs_change_their_context() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["of_syscall"].autoload = true;
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let unsupported = |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    let Some(object) = gate.take("syscall programs", "5.14", loaded, unsupported) else { return };
    let arguments = [40_u64, 2];
    let result = object.program("of_syscall").unwrap();
    let result = result.test_run(&TestRun::new().ctx(&arguments)).unwrap();
    assert_eq!((result.retval, result.ctx::<[u64; 2]>()), (3, Some([40, 90])));
    assert_eq!(arguments, [40, 2]);
    let text = refusal(&object, "of_syscall", &TestRun::data(&[0; 14]));
    assert!(text.contains("it takes no packet"), "{text}");
}

#[test]
fn too_small_packets_are_refused_with_the_size_needed() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    for (program, section) in [("of_socket", "socket"), ("of_tc", "tc"), ("of_xdp", "xdp")] {
        // Older kernels take any packet for XDP.
        if program == "of_xdp" && gate.release() < "6.1".parse().unwrap() {
            continue;
        }
        for len in [13, 1, 0] {
            let text = refusal(&object, program, &TestRun::data(&vec![0; len]));
            assert!(
                text.contains(&format!("a {section} program needs a packet of at least 14 bytes")),
                "{text}"
            );
            assert!(text.ends_with(&format!("this one has {len}")), "{text}");
        }
        refusal(&object, program, &TestRun::new());
    }
    let ctx = SkBuff { len: 1, ..SkBuff::default() };
    let text = refusal(&object, "of_socket", &TestRun::data(&[0; 14]).ctx(&ctx));
    assert!(text.contains("__sk_buff"), "{text}");
}

#[test]
fn types_that_cannot_be_run_name_those_that_can() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    for program in ["of_tracepoint", "of_sk_skb"] {
        let text = refusal(&object, program, &TestRun::data(&[0; 14]));
        assert!(text.contains("cannot be run by hand. Those that can: socket, tc, xdp"), "{text}");
        assert!(text.contains("raw_tp, syscall (with a context)"), "{text}");
    }
}

#[test]
fn raw_tracepoints_take_arguments_and_no_packet() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let arguments = [1_u64; 2];
    let text = refusal(&object, "of_raw_tp", &TestRun::data(&[0; 14]).ctx(&arguments));
    assert!(text.contains("it takes no packet, and 14 bytes are given"), "{text}");
    let text = refusal(&object, "of_raw_tp", &TestRun::new().ctx(&arguments[..1]));
    assert!(text.contains("8 bytes are given, and the program reads further"), "{text}");
    let text = refusal(&object, "of_raw_tp", &TestRun::new());
    assert!(text.contains("0 bytes are given"), "{text}");
    let text = refusal(&object, "of_raw_tp", &TestRun::new().ctx(&[0_u64; 20]));
    assert!(text.contains("at most 96 in all; 160 are given"), "{text}");
    let text = refusal(&object, "of_raw_tp", &TestRun::new().ctx(&arguments).repeat(3));
    assert!(text.contains("`repeat` is not for it"), "{text}");
    let error = object.program("of_raw_tp").unwrap();
    let error = error.test_run(&TestRun::new().ctx(&arguments).cpu(5000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("CPU 5000 is not there"), "{error}");
}
