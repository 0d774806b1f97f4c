//! Kernels that know less or allow less, played by layers over the running one; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use osmia::{ErrorKind, Kernel, Loader, Object, ObjectSpec, TestRun};
use osmia_sys::abi::{BtfLoadAttr, Cmd, MapCreateAttr, MapType, ProgLoadAttr, ProgType};
use osmia_sys::{Bpf, Call, CallCounter, ENOTSUPP, Errno, Returned, Syscalls};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// A kernel that refuses some calls.
struct Refusing<F>(F);

impl<F: Fn(&Call<'_>) -> Option<Errno> + Send + Sync> Syscalls for Refusing<F> {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        match (self.0)(&call) {
            Some(errno) => Err(errno),
            None => call.proceed(),
        }
    }
}

fn refusing(when: impl Fn(&Call<'_>) -> Option<Errno> + Send + Sync + 'static) -> Kernel {
    Kernel::builder().bpf(Bpf::kernel().with(Arc::new(Refusing(when)))).build().unwrap()
}

fn spec(stem: &str) -> Option<ObjectSpec> {
    Some(osmia::open(stem, Fixture::new(stem).bytes()?).unwrap())
}

fn load(spec: &ObjectSpec, kernel: &Kernel) -> Object {
    Object::load(spec, kernel).unwrap_or_else(|error| panic!("{error:?}"))
}

fn answers(object: &Object) {
    let program = object.program("const_example").unwrap();
    assert_eq!(program.test_run(&TestRun::data(&[0; 14])).unwrap().retval, 50);
}

#[test]
fn without_names() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let kernel = refusing(|call| {
        let named = match call.cmd() {
            Cmd::MAP_CREATE => call.attr::<MapCreateAttr>().map_name != [0; 16],
            Cmd::PROG_LOAD => call.attr::<ProgLoadAttr>().prog_name != [0; 16],
            _ => false,
        };
        named.then_some(Errno::INVAL)
    });
    let object = load(&spec, &kernel);
    answers(&object);
    assert_eq!(object.map(".rodata").unwrap().info().unwrap().name, "");
    assert_eq!(object.map(".rodata").unwrap().name(), ".rodata");
    // The second object needs no probes.
    load(&spec, &kernel);
}

#[test]
fn without_dots_in_names() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let kernel = refusing(|call| {
        let dotted = || call.attr::<MapCreateAttr>().map_name.contains(&b'.');
        (call.cmd() == Cmd::MAP_CREATE && dotted()).then_some(Errno::INVAL)
    });
    let object = load(&spec, &kernel);
    assert_eq!(object.map(".rodata").unwrap().info().unwrap().name, "variable_rodata");
}

#[test]
fn without_btf() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let kernel = refusing(|call| (call.cmd() == Cmd::BTF_LOAD).then_some(Errno::INVAL));
    let object = load(&spec, &kernel);
    answers(&object);
    let [note] = object.notes() else { panic!("{:?}", object.notes()) };
    assert!(matches!(note.kind(), ErrorKind::Unsupported { .. }), "{note:?}");
    assert_eq!(object.program("uses").unwrap().info().unwrap().btf_id, 0);
}

/// Whether a BTF blob has a record of this kind; all of its records are told by their heads.
fn has_kind(blob: &[u8], kind: u8) -> bool {
    let btf = osmia_btf::Btf::parse(blob.to_vec().into(), None).unwrap();
    btf.types().unwrap().any(|ty| ty.unwrap().kind().raw() == kind)
}

#[test]
fn with_fewer_kinds_of_types() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    // Functions, sections, floats: 4.18 knew none of them.
    for kinds in [&[16_u8][..], &[14, 15], &[12, 13]] {
        let kernel = refusing(move |call| {
            let refused = || kinds.iter().any(|&kind| has_kind(call.input(), kind));
            (call.cmd() == Cmd::BTF_LOAD && refused()).then_some(Errno::INVAL)
        });
        let object = load(&spec, &kernel);
        answers(&object);
        assert!(object.notes().is_empty(), "{kinds:?}: {:#}", object.notes()[0]);
    }
}

#[test]
fn without_records_of_functions_and_lines() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    let kernel = refusing(|call| match call.cmd() {
        // The attributes of 4.18 end here.
        Cmd::PROG_LOAD if call.size() > 72 => Some(Errno::TOOBIG),
        Cmd::BTF_LOAD if has_kind(call.input(), 12) => Some(Errno::INVAL),
        _ => None,
    });
    answers(&load(&spec, &kernel));
}

#[test]
fn without_a_type_of_map() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let kernel = refusing(|call| {
        let ring = || call.attr::<MapCreateAttr>().map_type == MapType::RINGBUF;
        (call.cmd() == Cmd::MAP_CREATE && ring()).then_some(Errno::INVAL)
    });
    let error = Object::load(&spec, &kernel).unwrap_err();
    let ErrorKind::Unsupported { feature, since } = error.kind() else { panic!("{error:?}") };
    assert_eq!((feature, since.to_string().as_str()), ("ring buffers", "5.8"));
    let text = format!("{error:#}");
    assert!(text.contains("map `events`"), "{text}");
    assert!(text.contains("BPF_MAP_TYPE_RINGBUF (they came with 5.8)"), "{text}");
}

#[test]
fn without_a_type_of_program() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let kernel = refusing(|call| {
        let tracepoint = || call.attr::<ProgLoadAttr>().prog_type == ProgType::TRACEPOINT;
        (call.cmd() == Cmd::PROG_LOAD && tracepoint()).then_some(Errno::INVAL)
    });
    let error = Object::load(&spec, &kernel).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error:?}");
    let text = format!("{error:#}");
    assert!(text.contains("BPF_PROG_TYPE_TRACEPOINT (they came with 4.7"), "{text}");
}

#[test]
fn with_types_that_are_read_with_the_first_program() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec("struct_ops") else { return };
    spec.maps["linked"].autocreate = false;
    let loaded = AtomicBool::new(false);
    let kernel = refusing(move |call| {
        let table = || call.attr::<MapCreateAttr>().map_type == MapType::STRUCT_OPS;
        match call.cmd() {
            Cmd::PROG_LOAD => loaded.store(true, Ordering::Relaxed),
            Cmd::MAP_CREATE if table() && !loaded.load(Ordering::Relaxed) => {
                return Some(ENOTSUPP);
            }
            _ => {}
        }
        None
    });
    assert_eq!(load(&spec, &kernel).struct_ops("shy").unwrap().programs().len(), 4);
}

#[test]
fn a_log_that_does_not_fit_gets_more_room() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    // A kernel without true sizes says ENOSPC to logs shorter than a megabyte.
    let kernel = refusing(|call| {
        let attr = call.attr::<ProgLoadAttr>();
        let short = attr.log_level > 0 && attr.log_size < 1 << 20;
        (call.cmd() == Cmd::PROG_LOAD && short).then_some(Errno::NOSPC)
    });
    let object = Loader::new(&kernel).verifier_log(2).load(&spec).unwrap();
    let log = object.program("uses").unwrap().verifier_log().unwrap();
    assert!(log.contains("processed "), "{log}");
}

/// Runs with only these of the capabilities that root has, in this thread alone.
fn with_capabilities<T>(kept: CapabilitySet, inside: impl FnOnce() -> T) -> T {
    let all = capabilities(None).unwrap();
    set_capabilities(None, CapabilitySets { effective: kept, ..all }).unwrap();
    let result = inside();
    set_capabilities(None, all).unwrap();
    result
}

#[test]
fn a_missing_capability_is_named() {
    let Some(gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let refusal = |kept| {
        let error = with_capabilities(kept, || {
            Object::load(&spec, &Kernel::running().unwrap()).unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        format!("{error:#}")
    };
    if gate.release() < "5.11".parse().unwrap() {
        // It is not the limit on locked memory that shall be in the way.
        osmia_sys::lift_memlock().unwrap();
    }
    // 5.8 split CAP_BPF and CAP_PERFMON from CAP_SYS_ADMIN.
    let text = refusal(CapabilitySet::empty());
    assert!(text.contains("CAP_BPF is missing"), "{text}");
    let text = refusal(CapabilitySet::BPF);
    assert!(text.contains("load program `on_exec`: CAP_PERFMON is missing"), "{text}");
    assert!(text.contains("setcap cap_perfmon+ep"), "{text}");
    let error = with_capabilities(CapabilitySet::BPF, || {
        osmia::Map::all(&Kernel::running().unwrap()).next().unwrap().unwrap_err()
    });
    assert!(format!("{error:#}").contains("CAP_SYS_ADMIN is missing"), "{error:#}");
}

#[test]
fn a_refusal_that_nothing_explains_is_not_explained_away() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let kernel = refusing(|call| (call.cmd() == Cmd::MAP_CREATE).then_some(Errno::PERM));
    let error = Object::load(&spec, &kernel).unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::Permission, Some(1)));
    let text = format!("{error:#}");
    assert!(text.contains("CAP_BPF is held, but"), "{text}");
}

#[test]
fn probes_are_made_after_a_refusal_and_once() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec("small") else { return };
    let counter = Arc::new(CallCounter::default());
    let refuse = Refusing(|call: &Call<'_>| {
        let large = || call.attr::<BtfLoadAttr>().btf_size > 0 && has_kind(call.input(), 12);
        (call.cmd() == Cmd::BTF_LOAD && large()).then_some(Errno::INVAL)
    });
    let bpf = Bpf::kernel().with(Arc::new(refuse)).with(counter.clone());
    let kernel = Kernel::builder().bpf(bpf).build().unwrap();
    load(&spec, &kernel);
    let first = counter.of(Cmd::BTF_LOAD);
    counter.reset();
    load(&spec, &kernel);
    let second = counter.of(Cmd::BTF_LOAD);
    assert!(first > second && second <= 2, "{first} calls, then {second}");
}

/// Kernels since 5.11 charge memory to cgroups: a refusal has another cause there, and the limit stays as it was.
#[test]
fn the_limit_of_locked_memory_is_left_alone_where_it_does_not_matter() {
    let Some(gate) = Gate::root() else { return };
    let Some(spec) = spec("variables") else { return };
    // Without it the limit cannot be lifted, whatever is tried.
    if !capabilities(None).unwrap().effective.contains(CapabilitySet::SYS_RESOURCE) {
        return osmia_testkit::skip::whole("CAP_SYS_RESOURCE is not held");
    }
    let limit = 1 << 20;
    let before = getrlimit(Resource::Memlock);
    setrlimit(Resource::Memlock, Rlimit { current: Some(limit), maximum: before.maximum }).unwrap();
    let kernel = refusing(|call| (call.cmd() == Cmd::MAP_CREATE).then_some(Errno::PERM));
    let error = Object::load(&spec, &kernel).unwrap_err();
    let after = getrlimit(Resource::Memlock).current;
    setrlimit(Resource::Memlock, before).unwrap();
    assert_eq!(error.kind(), ErrorKind::Permission, "{error:#}");
    let left_alone = after == Some(limit);
    assert!(gate.part_needs("memory charged to cgroups", "5.11", left_alone) || after.is_none());
}
