//! Loading objects into the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use osmia::{ErrorKind, Kernel, Loader, MapSpec, Object, ObjectSpec, TestRun};
use osmia_sys::abi::{AttachType, Cmd, MapType, ProgType};
use osmia_sys::{Bpf, Call, CallCounter, Errno, Returned, Syscalls};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Cpu, Fixture};
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;

fn spec(stem: &str) -> Option<ObjectSpec> {
    Some(osmia::open(stem, Fixture::new(stem).bytes()?).unwrap())
}

fn kernel() -> Kernel {
    Kernel::running().unwrap()
}

fn load(spec: &ObjectSpec) -> Object {
    Object::load(spec, &kernel()).unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn loading_takes_only_the_calls_that_the_object_needs() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let counter = Arc::new(CallCounter::default());
    let kernel = Kernel::builder().bpf(Bpf::kernel().with(counter.clone())).build().unwrap();
    let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(object.notes().is_empty());
    let calls = counter.by_command();
    // The maps `seen`, `events` and `.rodata`, the latter's value, its freezing, types, program.
    let expected = [
        (Cmd::MAP_CREATE, 3),
        (Cmd::MAP_UPDATE_ELEM, 1),
        (Cmd::PROG_LOAD, 1),
        (Cmd::BTF_LOAD, 1),
        (Cmd::MAP_FREEZE, 1),
    ];
    assert_eq!(calls, expected.into_iter().collect());
}

#[test]
fn objects_of_all_compilers_load_with_their_types() {
    let Some(_gate) = Gate::root() else { return };
    for clang in [Clang::V14, Clang::V16, Clang::V19] {
        let Some(bytes) = Fixture::new("variables").clang(clang).bytes() else { continue };
        let object = load(&osmia::open("variables", bytes).unwrap());
        assert!(object.notes().is_empty(), "{clang}: {:#}", object.notes()[0]);
        let info = object.program("uses").unwrap().info().unwrap();
        assert_ne!(info.btf_id, 0);
        let map = object.map(".rodata").unwrap().info().unwrap();
        assert_ne!((map.btf_id, map.btf_value_type_id), (0, 0));
        assert_eq!(map.name, "variable.rodata");
    }
}

#[test]
fn functions_of_several_sections_are_those_that_were_meant() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut spec) = spec("calls") else { return };
    // These need kernels with callbacks, and helpers that take them.
    let since = [("walks", "5.14"), ("loops", "5.17")];
    for (program, since) in since {
        spec.programs[program].autoload = gate.release() >= since.parse().unwrap();
    }
    spec.programs["unknown"].autoload = false;
    spec.programs["fourth"].autoload = true;
    let object = load(&spec);
    assert!(object.notes().is_empty(), "{:#}", object.notes()[0]);
    let run = |program: &str| {
        let packet = TestRun::data(&[0; 20]);
        object.program(program).unwrap().test_run(&packet).unwrap().retval
    };
    // `add` and `times` stand at the same offsets of their sections as the programs that call them.
    let len = 20 - 14;
    assert_eq!(run("first"), len + 3);
    assert_eq!(run("second"), len * 3);
    assert_eq!(run("third"), 2, "XDP_PASS");
    assert_eq!(run("fourth"), 20 + 2 + 1);
}

#[test]
fn programs_are_called_by_their_whole_names() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec("variables") else { return };
    spec.programs.shift_remove("uses");
    let object = load(&spec);
    let info = object.program("const_example").unwrap().info().unwrap();
    assert_eq!(info.prog_type, ProgType::SOCKET_FILTER);
    let again = osmia::Program::by_id(&kernel(), info.id).unwrap();
    assert_eq!(again.name(), "const_example");
    assert_eq!(again.info().unwrap().tag, info.tag);
    let mut listed = osmia::Program::all(&kernel());
    assert!(listed.any(|program| program.unwrap().info().unwrap().id == info.id));
}

#[test]
fn programs_are_pinned_and_opened_again() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let bpffs = Bpffs::new();
    let path = bpffs.join("program");
    load(&spec).program("const_example").unwrap().pin(&path).unwrap();
    let pinned = osmia::Program::from_pin(&kernel(), &path).unwrap();
    assert_eq!(pinned.test_run(&TestRun::data(&[0; 14])).unwrap().retval, 50);
    let error = osmia::Map::from_pin(&kernel(), &path).unwrap_err();
    assert!(error.to_string().contains("is not a map"), "{error}");
    let error = pinned.pin(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    let error = pinned.pin(bpffs.join("no/such")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = pinned.pin("/tmp/osmia-no-bpffs").unwrap_err();
    assert!(error.to_string().contains("it is not in a bpf file system"), "{error}");
    let error = pinned.pin(bpffs.join("a.b")).unwrap_err();
    assert!(error.to_string().contains("have no dots"), "{error}");
}

fn pinned_spec() -> Option<ObjectSpec> {
    let mut spec = spec("small")?;
    spec.maps["seen"].pinning = osmia_object::Pinning::ByName;
    Some(spec)
}

#[test]
fn a_map_is_shared_by_its_pin() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = pinned_spec() else { return };
    let bpffs = Bpffs::new();
    let loader = Loader::new(&kernel()).pin_directory(bpffs.path());
    let first = loader.load(&spec).unwrap();
    let seen = first.map("seen").unwrap();
    seen.insert(&7_u32.to_ne_bytes(), &8_u64.to_ne_bytes()).unwrap();
    let second = loader.load(&spec).unwrap();
    let shared = second.map("seen").unwrap();
    assert_eq!(shared.info().unwrap().id, seen.info().unwrap().id);
    assert_eq!(shared.lookup(&7_u32.to_ne_bytes()).unwrap().unwrap(), 8_u64.to_ne_bytes());

    let map = &mut spec.maps["seen"];
    (map.max_entries, map.value_size, map.value_type) = (99, 4, None);
    let error = loader.load(&spec).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    let text = format!("{error:#}");
    assert!(text.contains("its value size is 8, not 4"), "{text}");
    assert!(text.contains("its max_entries is 1024, not 99"), "{text}");
}

/// A kernel that pins once and never again.
#[derive(Default)]
struct OnePin(AtomicBool);

impl Syscalls for OnePin {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        if call.cmd() == Cmd::OBJ_PIN && self.0.swap(true, Ordering::Relaxed) {
            return Err(Errno::PERM);
        }
        call.proceed()
    }
}

#[test]
fn a_load_that_fails_leaves_no_pin() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = pinned_spec() else { return };
    let bpffs = Bpffs::new();
    spec.maps["events"].pinning = osmia_object::Pinning::ByName;
    let bpf = Bpf::kernel().with(Arc::new(OnePin::default()));
    let kernel = Kernel::builder().bpf(bpf).build().unwrap();
    let error = Loader::new(&kernel).pin_directory(bpffs.path()).load(&spec).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(format!("{error:#}").contains("share map `events`: pin map `events`"), "{error:#}");
    // Some kernels put iterators of their own into a new file system.
    assert!(!bpffs.join("seen").exists() && !bpffs.join("events").exists());
}

#[test]
fn what_cannot_be_loaded_is_refused_by_name() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec("runs") else { return };
    spec.programs["misspelt"].autoload = true;
    let error = Object::load(&spec, &kernel()).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("load object `runs`: program `misspelt`"), "{text}");
    assert!(text.contains("did you mean SEC(\"xdp\")?"), "{text}");
}

#[test]
fn a_way_of_attaching_that_no_kernel_knows_is_told_apart_from_a_type() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec("variables") else { return };
    let program = &mut spec.programs["const_example"];
    // Socket filters may be anything.
    program.prog_type = Some(ProgType::CGROUP_SOCK_ADDR);
    program.attach_type = Some(AttachType(999));
    let error = Object::load(&spec, &kernel()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error:#}");
    let text = format!("{error:#}");
    assert!(text.contains("but does not attach them as "), "{text}");
}

#[test]
fn a_map_that_cannot_be_is_refused_with_the_rule() {
    let Some(_gate) = Gate::root() else { return };
    let refused = |mut map: MapSpec, change: fn(&mut MapSpec)| {
        let Some(mut spec) = spec("small") else { return String::new() };
        change(&mut map);
        spec.maps.insert(map.name.clone(), map);
        format!("{:#}", Object::load(&spec, &kernel()).unwrap_err())
    };
    let array = || {
        let mut map = MapSpec::new("odd", MapType::ARRAY);
        (map.key_size, map.value_size, map.max_entries) = (4, 4, 1);
        map
    };
    for (change, rule) in [
        ((|map| map.max_entries = 0) as fn(&mut MapSpec), "max_entries is 0"),
        (|map| map.key_size = 8, "the keys of an array are 4 bytes"),
        (|map| map.value_size = 0, "it has no value"),
        (|map| map.map_type = MapType(12345), "there is no map type 12345"),
        (|map| map.map_type = MapType::LPM_TRIE, "must have BPF_F_NO_PREALLOC"),
        (|map| map.map_type = MapType::QUEUE, "it has no keys"),
        (|map| map.map_type = MapType::RINGBUF, "neither key nor value"),
        (|map| map.flags = 1 << 31, "the flags or the value's fields"),
        (|map| map.unknown_fields = vec!["colour".into()], "a member `colour`"),
        (|map| map.pinning = osmia_object::Pinning::Unknown(7), "pinning 7 means nothing"),
        (
            |map| {
                let mut inner = map.clone();
                inner.unknown_fields = vec!["shape".into()];
                map.inner = Some(Box::new(inner));
            },
            "a member `shape`",
        ),
    ] {
        let text = refused(array(), change);
        assert!(text.contains("map `odd`"), "{text}");
        assert!(text.contains(rule), "{text}");
    }
}

#[test]
fn the_verifier_is_heard() {
    let Some(_gate) = Gate::root() else { return };
    for (program, reason, line) in [
        ("unchecked", "map_value_or_null", "return *value;"),
        ("out_of_bounds", "invalid access to map value", "value[1]"),
    ] {
        let Some(mut spec) = spec("refused") else { return };
        spec.programs[program].autoload = true;
        let error = Object::load(&spec, &kernel()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Verifier);
        let text = format!("{error:#}");
        assert!(text.contains(&format!("load program `{program}`")), "{text}");
        let verdict = error.verifier().unwrap();
        // Since 7.3 a report with words of its own follows on the verifier's old ones, and is what is told.
        assert!(verdict.log().contains(reason), "{}", verdict.log());
        assert!(text.contains(&verdict.reason()), "{text}");
        assert!(text.contains(reason) || verdict.suggestion().is_some(), "{text}");
        assert!(verdict.source_line().unwrap().contains(line), "{:?}", verdict.source_line());
        assert!(verdict.log().contains("processed "), "{}", verdict.log());
        assert!(!verdict.is_truncated());
    }
}

#[test]
fn the_rules_of_callbacks_are_heard() {
    let Some(gate) = Gate::root() else { return };
    for (program, reason, line) in [
        ("context_in_map", "R3 type=map_value expected=fp", "bpf_for_each_map_elem"),
        ("wrong_answer", "callback", "return *(__u64 *)value;"),
    ] {
        let Some(mut spec) = spec("refused") else { return };
        spec.programs[program].autoload = true;
        let error = Object::load(&spec, &kernel()).unwrap_err();
        if matches!(error.kind(), ErrorKind::Unsupported { .. }) {
            assert!(!gate.needs("callbacks", "5.13", false));
            return;
        }
        let verdict = error.verifier().unwrap();
        assert!(verdict.log().contains(reason), "{}", verdict.log());
        assert!(verdict.source_line().unwrap().contains(line), "{error:#}");
    }
}

#[test]
fn a_log_is_kept_if_asked_for() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let object = Loader::new(&kernel()).verifier_log(1).load(&spec).unwrap();
    let log = object.program("uses").unwrap().verifier_log().unwrap();
    assert!(log.contains("processed "), "{log}");
    assert!(load(&spec).program("uses").unwrap().verifier_log().is_none());
}

#[test]
fn a_program_that_is_not_loaded_says_so() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("runs") else { return };
    let object = load(&spec);
    let program = object.program("of_kprobe").unwrap();
    assert!(!program.is_loaded());
    let error = program.test_run(&TestRun::data(&[0; 14])).unwrap_err();
    assert!(error.to_string().contains("its section begins with `?`"), "{error}");
    assert!(program.info().is_err() && program.fd().is_err() && program.pin("/x").is_err());
}

/// Counts how often the program that is too large is verified.
#[derive(Default)]
struct Verifications(std::sync::atomic::AtomicUsize);

impl Syscalls for Verifications {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        let named = call.cmd() == Cmd::PROG_LOAD
            && call.attr::<osmia_sys::abi::ProgLoadAttr>().prog_name.starts_with(b"too_large");
        if named {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        call.proceed()
    }
}

#[test]
fn what_is_too_large_is_not_verified_again_and_again() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec("refused") else { return };
    spec.programs["too_large"].autoload = true;
    let counted = Arc::new(Verifications::default());
    let kernel = Kernel::builder().bpf(Bpf::kernel().with(counted.clone())).build().unwrap();
    let error = Object::load(&spec, &kernel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verifier);
    let text = format!("{error:#}");
    assert!(text.contains("BPF program is too large"), "{text}");
    assert_eq!(
        error.errno().or(error.verifier().map(osmia::VerifierError::errno)),
        Some(7),
        "{text}"
    );
    // Kernels before 6.4 keep the log's beginning, and are asked for its end apart.
    assert!(counted.0.load(Ordering::Relaxed) <= 3, "{:?}", counted.0);
}

fn refusal_of(program: &str, fixture: &Fixture) -> Option<Result<Object, String>> {
    let mut spec = osmia::open("refused", fixture.bytes()?).unwrap();
    spec.programs[program].autoload = true;
    Some(Object::load(&spec, &kernel()).map_err(|error| format!("{error:#}")))
}

#[test]
fn an_absent_symbol_that_is_read_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(refusal) = refusal_of("absent", &Fixture::new("refused")) else { return };
    let text = refusal.unwrap_err();
    assert!(text.contains("through the address of `osmia_absent`, which is 0 here"), "{text}");
    assert!(text.contains("C: return osmia_absent;"), "{text}");
}

#[test]
fn instructions_that_a_kernel_does_not_know_are_told_with_the_remedy() {
    let Some(gate) = Gate::root() else { return };
    let Some(refusal) = refusal_of("through_pointer", &Fixture::new("refused")) else { return };
    let text = refusal.unwrap_err();
    assert!(text.contains("a call through a pointer to a function"), "{text}");
    assert!(text.contains("C: return chosen(skb->len);"), "{text}");

    let newer = Fixture::new("refused").clang(Clang::V19).cpu(Cpu::V4);
    let Some(outcome) = refusal_of("extends", &newer) else { return };
    let there = outcome.is_ok();
    if let Err(text) = outcome {
        assert!(text.contains("compile it with -mcpu=v3"), "{text}");
        assert!(text.contains("C: return (signed char)skb->len;"), "{text}");
    }
    let _ = gate.part_needs("instruction set v4", "6.6", there);
}
