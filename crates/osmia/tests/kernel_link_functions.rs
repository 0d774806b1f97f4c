//! Links to functions of the kernel: they fire, are listed with what they are attached to, and go; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use osmia::{
    AttachType, Error, ErrorKind, Kernel, Kprobe, KprobeMulti, Link, LinkDetails, Object,
    ProbeProgram, TracingMulti, TracingProgram,
};
use osmia_btf::Kind;
use osmia_sys::abi::LinkType;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::mounts::TRACEFS;
use osmia_testkit::guard::veth::Veth;

/// The function that most programs are attached to; `open` calls it.
const OPENS: &str = "do_sys_openat2";

fn load(kernel: &Kernel, also: &[&str]) -> Option<Object> {
    let mut spec = osmia::open("link_probes", Fixture::new("link_probes").bytes()?).unwrap();
    spec.set("only_tgid", std::process::id()).unwrap();
    for program in also {
        spec.programs[*program].autoload = true;
    }
    Some(good(Object::load(&spec, kernel)))
}

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported { .. })
}

fn probe(object: &Object, name: &str) -> ProbeProgram {
    good(object.program(name).unwrap().clone().try_into())
}

fn count(object: &Object, variable: &str) -> u64 {
    object.variable(variable).unwrap().typed::<u64>().unwrap().get().unwrap()
}

/// How often the program runs for one opened file.
fn runs(object: &Object, variable: &str) -> u64 {
    let before = count(object, variable);
    File::open("/dev/null").unwrap();
    count(object, variable) - before
}

/// The ids of all links of the system whose program is this one.
fn listed(object: &Object, program: &str) -> Vec<u32> {
    let id = object.program(program).unwrap().info().unwrap().id;
    let infos = Link::all(&Kernel::running().unwrap()).map(|link| good(good(link).info()));
    infos.filter(|info| info.program_id() == id).map(|info| info.id()).collect()
}

/// A link that runs its program `times` times for each opened file is listed, and is nowhere any more once it is detached.
fn lives_and_goes(object: &Object, (program, variable): (&str, &str), times: u64, link: Link) {
    assert_eq!(runs(object, variable), times, "{program}: {}", link.place());
    if let Ok(info) = link.info() {
        assert_eq!(listed(object, program), [info.id()], "{program}");
    }
    good(link.detach());
    // Some kernels let a link go a moment after its last descriptor.
    let began = Instant::now();
    while !listed(object, program).is_empty() || runs(object, variable) > 0 {
        assert!(began.elapsed().as_secs() < 20, "{program} is still attached");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The address of a function, as the kernel tells root.
fn address(function: &str) -> u64 {
    let table = fs::read_to_string("/proc/kallsyms").unwrap();
    let line = table.lines().find(|line| line.split_whitespace().nth(2) == Some(function)).unwrap();
    u64::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap()
}

/// Whether an address is in the first bytes of a function, where probes and traps are.
fn is_at(told: u64, function: &str) -> bool {
    (0..16).contains(&told.wrapping_sub(address(function)))
}

#[test]
fn tracing_programs_tell_their_functions() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("fentry, fexit and fmod_ret programs") {
        return;
    }
    for (program, variable, kind, function) in [
        ("on_fentry", "by_fentry", AttachType::TRACE_FENTRY, OPENS),
        ("on_fexit", "by_fexit", AttachType::TRACE_FEXIT, OPENS),
        ("on_fmod_ret", "by_fmod_ret", AttachType::MODIFY_RETURN, "security_file_open"),
    ] {
        tells_its_function(&gate, (program, variable), kind, function);
    }
}

#[test]
fn security_programs_tell_their_functions() {
    let Some(gate) = Gate::root() else { return };
    if gate.may_guard_hooks() {
        let programs = ("on_lsm", "by_lsm");
        tells_its_function(&gate, programs, AttachType::LSM_MAC, "bpf_lsm_file_open");
    }
}

fn tells_its_function(
    gate: &Gate,
    (program, variable): (&str, &str),
    kind: AttachType,
    function: &str,
) {
    let kernel = Kernel::running().unwrap();
    let Some(object) = load(&kernel, &[program]) else { return };
    let link = good(object.program(program).unwrap().attach());
    assert_eq!(link.info().unwrap().link_type(), LinkType::TRACING);
    let details = good(link.details());
    let LinkDetails::Tracing { attach_type, object: btf, function: told } = details else {
        panic!("{program}: {details:?}")
    };
    assert_eq!(attach_type, kind, "{program}");
    if gate.release() >= "5.13".parse().unwrap() {
        assert_ne!(btf, 0, "{program}");
        let found = kernel.btf().unwrap().find(Kind::Func, function).unwrap().unwrap();
        assert_eq!(told, found.id().0, "{program}");
    }
    lives_and_goes(&object, (program, variable), 1, link);
}

#[test]
fn a_function_is_patched_for_several_programs_at_once() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("fentry and fexit programs") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &["on_fentry", "on_fexit"]) else {
        return;
    };
    let (start, end) = (object.program("on_fentry").unwrap(), object.program("on_fexit").unwrap());
    let link = good(start.attach());
    let error = start.attach().unwrap_err();
    if gate.release() >= "5.13".parse().unwrap() {
        assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        let info = link.info().unwrap();
        let who = format!("(program {} `on_fentry`, by link {})", info.program_id(), info.id());
        assert!(format!("{error:#}").contains(&who), "{error:#}");
    }
    let other = good(end.attach());
    assert_eq!((runs(&object, "by_fentry"), runs(&object, "by_fexit")), (1, 1));
    good(link.detach());
    lives_and_goes(&object, ("on_fexit", "by_fexit"), 1, other);
    let once = |error: &Error| error.kind() == ErrorKind::Invalid;
    let again = gate.take("attaching a tracing program again", "5.13", start.attach(), once);
    let Some(again) = again else { return };
    lives_and_goes(&object, ("on_fentry", "by_fentry"), 1, again);
}

#[test]
fn kprobes_tell_their_functions() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &[]) else { return };
    for (program, variable, place) in [
        ("on_kprobe", "by_kprobe", Kprobe::function(OPENS)),
        ("on_kretprobe", "by_kretprobe", Kprobe::function(OPENS).on_return()),
    ] {
        let link = good(probe(&object, program).attach_kprobe(&place));
        if gate.release() >= "6.6".parse().unwrap() {
            let details = good(link.details());
            let LinkDetails::Kprobe { function, offset, address, on_return, .. } = details else {
                panic!("{program}: {details:?}")
            };
            assert_eq!((&*function, offset, on_return), (OPENS, 0, program == "on_kretprobe"));
            assert!(is_at(address, OPENS), "{address:#x}");
        }
        lives_and_goes(&object, (program, variable), 1, link);
    }
}

#[test]
fn a_link_to_many_functions_tells_them() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.multi", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &["on_multi"]) else { return };
    let program = probe(&object, "on_multi");
    for on_return in [false, true] {
        let places = KprobeMulti::functions([OPENS, "security_file_open"]);
        let places = if on_return { places.on_return() } else { places };
        let link = program.attach_kprobes(&places);
        let Some(link) = gate.take("kprobe.multi", "5.18", link, unsupported) else { return };
        assert_eq!(link.info().unwrap().link_type(), LinkType::KPROBE_MULTI);
        if gate.release() >= "6.6".parse().unwrap() {
            let details = good(link.details());
            let LinkDetails::Functions { addresses, on_return: at_end } = details else {
                panic!("{details:?}")
            };
            assert_eq!(at_end, on_return);
            for function in [OPENS, "security_file_open"] {
                let found = addresses.iter().any(|told| is_at(*told, function));
                assert!(found, "{function}: {addresses:x?}");
            }
            assert_eq!(addresses.len(), 2);
        }
        lives_and_goes(&object, ("on_multi", "by_multi"), 2, link);
    }
}

/// A program on many functions, loaded, where the kernel has such.
fn traced(gate: &Gate, name: &str) -> Option<(Object, TracingProgram)> {
    if !gate.may_patch_functions("programs on many functions") {
        return None;
    }
    let mut spec = osmia::open("link_probes", Fixture::new("link_probes").bytes()?).unwrap();
    spec.set("only_tgid", std::process::id()).unwrap();
    for program in spec.programs.values_mut() {
        program.autoload = program.name == name;
    }
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let object = gate.take("programs on many functions", "7.2", loaded, |_| true)?;
    let program = good(object.program(name).unwrap().clone().try_into());
    Some((object, program))
}

/// The link tells what it is on.
fn are_told(gate: &Gate, link: &Link, attach_type: AttachType, names: [&str; 2]) {
    let details = good(link.details());
    if !gate.part_needs(
        "what links to many functions are on",
        "7.3",
        details != LinkDetails::Untold,
    ) {
        return;
    }
    let LinkDetails::TracedFunctions { attach_type: told, object: btf, functions, addresses } =
        details
    else {
        panic!("{details:?}")
    };
    assert_eq!(told, attach_type);
    assert_ne!(btf, 0);
    let kernel = Kernel::running().unwrap();
    let id = |name| kernel.btf().unwrap().find(Kind::Func, name).unwrap().unwrap().id().0;
    let mut told: Vec<(u32, u64)> = functions.into_iter().zip(addresses).collect();
    let mut real = names.map(|name| (id(name), name));
    told.sort_unstable();
    real.sort_unstable();
    assert_eq!(told.len(), 2);
    for ((told, at), (id, name)) in told.into_iter().zip(real) {
        assert_eq!(told, id, "{name}");
        assert!(is_at(at, name), "{name}: {at:#x}");
    }
}

#[test]
fn a_tracing_program_runs_on_many_functions_by_one_link() {
    const MANY: [&str; 2] = [OPENS, "security_file_open"];
    let Some(gate) = Gate::root() else { return };
    for (name, variable, attach_type) in [
        ("on_fentry_multi", "by_fentry_multi", AttachType::TRACE_FENTRY_MULTI),
        ("on_fexit_multi", "by_fexit_multi", AttachType::TRACE_FEXIT_MULTI),
    ] {
        let Some((object, program)) = traced(&gate, name) else { return };
        let link = good(program.attach_functions(&TracingMulti::functions(MANY).cookies([5, 70])));
        assert_eq!(link.info().unwrap().link_type(), LinkType::TRACING_MULTI);
        are_told(&gate, &link, attach_type, MANY);
        let before = count(&object, "cookies");
        assert_eq!(runs(&object, variable), 2);
        let cookies = if name == "on_fentry_multi" { 75 } else { 0 };
        assert_eq!(count(&object, "cookies") - before, cookies);
        lives_and_goes(&object, (name, variable), 2, link);
    }
}

#[test]
fn a_tracing_program_runs_on_the_functions_of_a_pattern() {
    let Some(gate) = Gate::root() else { return };
    let Some((object, program)) = traced(&gate, "on_fentry_multi") else { return };
    // As its section says.
    let link = good(program.attach());
    assert!(link.place().ends_with("functions that fit do_sys_open*"), "{}", link.place());
    lives_and_goes(&object, ("on_fentry_multi", "by_fentry_multi"), 1, link);
    // Hundreds, among them functions that cannot be traced.
    let link = good(program.attach_functions(&TracingMulti::matching("security_*")));
    assert!(runs(&object, "by_fentry_multi") > 0, "{}", link.place());
    good(link.detach());
}

#[test]
fn functions_that_cannot_be_traced_are_told() {
    let Some(gate) = Gate::root() else { return };
    let Some((object, program)) = traced(&gate, "on_fentry_multi") else { return };
    let refused = |functions: TracingMulti| program.attach_functions(&functions).unwrap_err();
    let error = refused(TracingMulti::functions([OPENS, "do_sys_openat3"]));
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(format!("{error:#}").contains("did you mean `do_sys_openat2`?"), "{error:#}");
    let error = refused(TracingMulti::functions(["_printk"]));
    assert!(format!("{error:#}").contains("any number of arguments"), "{error:#}");
    let error = refused(TracingMulti::functions([OPENS]).cookies([1, 2]));
    assert!(format!("{error:#}").contains("2 cookies for 1 functions"), "{error:#}");
    let error = refused(TracingMulti::functions([OPENS, OPENS]));
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert!(format!("{error:#}").contains("said twice"), "{error:#}");
    let error = refused(TracingMulti::matching("osmia_no_such_*"));
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!(runs(&object, "by_fentry_multi"), 0, "nothing is attached");
}

#[test]
fn a_session_is_listed_and_runs_twice() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.session", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &["on_session"]) else { return };
    let link = probe(&object, "on_session").attach_kprobes(&KprobeMulti::functions([OPENS]));
    let Some(link) = gate.take("kprobe.session", "6.10", link, unsupported) else { return };
    assert_eq!(link.info().unwrap().link_type(), LinkType::KPROBE_MULTI);
    let details = good(link.details());
    let LinkDetails::Functions { addresses, on_return } = details else { panic!("{details:?}") };
    assert_eq!((addresses.len(), on_return), (1, false));
    assert!(is_at(addresses[0], OPENS), "{addresses:x?}");
    lives_and_goes(&object, ("on_session", "by_session"), 2, link);
}

/// The probes that tracefs lists of ours.
fn listed_in_tracefs(tracefs: &Path) -> usize {
    let list = fs::read_to_string(tracefs.join("kprobe_events")).unwrap();
    list.lines().filter(|line| line.contains(":osmia/")).count()
}

#[test]
fn without_a_source_of_events_tracefs_probes() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let tracefs = TRACEFS.ensure().unwrap();
    // As on kernels before 4.17, no source of perf events is found for probes.
    let root = tempfile::tempdir().unwrap();
    symlink("/proc", root.path().join("proc")).unwrap();
    fs::create_dir(root.path().join("sys")).unwrap();
    symlink("/sys/kernel", root.path().join("sys/kernel")).unwrap();
    let kernel = Kernel::builder().root(root.path()).build().unwrap();
    let Some(object) = load(&kernel, &[]) else { return };
    for (program, variable, place) in [
        ("on_kprobe", "by_kprobe", Kprobe::function(OPENS)),
        ("on_kretprobe", "by_kretprobe", Kprobe::function(OPENS).on_return()),
    ] {
        let link = good(probe(&object, program).attach_kprobe(&place));
        assert_eq!(listed_in_tracefs(&tracefs), 1);
        lives_and_goes(&object, (program, variable), 1, link);
        assert_eq!(listed_in_tracefs(&tracefs), 0, "nothing is left");
    }
    let error = probe(&object, "on_kprobe").attach_kprobe(&Kprobe::function("do_sys_openat3"));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(format!("{error:#}").contains("did you mean `do_sys_openat2`?"), "{error:#}");
    assert_eq!(listed_in_tracefs(&tracefs), 0);
}

#[test]
fn kprobes_are_set_in_modules() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(pair) = Veth::new() else { return };
    let Some(object) = load(&Kernel::running().unwrap(), &[]) else { return };
    let mut names = vec!["veth_xmit"];
    if Path::new("/sys/module/veth/initstate").exists() {
        names.push("veth:veth_xmit");
    }
    for name in names {
        let link = good(probe(&object, "on_kprobe").attach_kprobe(&Kprobe::function(name)));
        let before = count(&object, "by_kprobe");
        let began = Instant::now();
        while count(&object, "by_kprobe") == before {
            pair.send_to_near(9, b"hello").unwrap();
            assert!(began.elapsed().as_secs() < 20, "{name} was not called");
        }
        good(link.detach());
        assert_eq!(listed(&object, "on_kprobe"), [], "{name}");
    }
}

#[test]
fn a_kprobe_between_instructions_is_refused() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &[]) else { return };
    // The first instruction is longer than a byte, whether it is a call of the tracer or the mark of a jump's target.
    let place = Kprobe::function(OPENS).offset(1);
    let error = probe(&object, "on_kprobe").attach_kprobe(&place).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert!(format!("{error:#}").contains("no instruction of"), "{error:#}");
}

#[test]
fn a_hundred_links_come_and_go() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(object) = load(&Kernel::running().unwrap(), &[]) else { return };
    let program = probe(&object, "on_kprobe");
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let attach = |_| good(program.attach_kprobe(&Kprobe::function(OPENS)));
    let links: Vec<Link> = (0..100).map(attach).collect();
    assert!(open() >= before + 100);
    assert_eq!(runs(&object, "by_kprobe"), 100);
    drop(links);
    assert_eq!(open(), before);
    let began = Instant::now();
    while runs(&object, "by_kprobe") > 0 {
        assert!(began.elapsed().as_secs() < 20, "some are still attached");
    }
    assert_eq!(listed(&object, "on_kprobe"), []);
}
