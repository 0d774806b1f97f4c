//! Probes of functions of the kernel and of this program; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::os::unix::fs::symlink;
use std::path::Path;

use osmia::{
    Error, ErrorKind, Kernel, Kprobe, KprobeMulti, Link, LinkDetails, Object, ProbeProgram,
    RawTracepoint, RawTracepointProgram, TracingProgram, Uprobe, UprobeMulti,
};
use osmia_sys::abi::LinkType;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::{Gate, not_built_in};
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::own_libc::file;

fn load(also: &[&str]) -> Option<Result<Object, Error>> {
    let mut spec = osmia::open("link_probes", Fixture::new("link_probes").bytes()?).unwrap();
    spec.set("only_tgid", std::process::id()).unwrap();
    for program in also {
        spec.programs[*program].autoload = true;
    }
    Some(Object::load(&spec, &Kernel::running().unwrap()))
}

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported { .. })
}

/// What an unknown helper causes.
fn refused(error: &Error) -> bool {
    error.kind() == ErrorKind::Verifier
}

fn probe(object: &Object, name: &str) -> ProbeProgram {
    good(object.program(name).unwrap().clone().try_into())
}

fn count(object: &Object, variable: &str) -> u64 {
    object.variable(variable).unwrap().typed::<u64>().unwrap().get().unwrap()
}

/// Comes by all the places.
fn come_by() {
    std::fs::File::open("/dev/null").unwrap();
    // Of nobody: the call is made, and a process of group 0 does not matter.
    let _ = rustix::process::getpgid(rustix::process::Pid::from_raw(i32::MAX));
    let _ = std::fs::read_link("/osmia/no/such");
    let _ = std::fs::remove_dir("/osmia/no/such");
}

/// The counter goes up while the link lives, and not after.
fn counts(object: &Object, variable: &str, link: Link) {
    let before = count(object, variable);
    come_by();
    assert!(count(object, variable) > before, "{variable}: {}", link.place());
    good(link.detach());
    // Some kernels let a link go a moment after its last descriptor.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let before = count(object, variable);
    come_by();
    assert_eq!(count(object, variable), before, "{variable}");
}

#[test]
fn kprobes_count_by_their_sections_and_by_what_is_said() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(object) = load(&[]).map(good) else { return };
    for (program, variable) in [
        ("on_kprobe", "by_kprobe"),
        ("on_kretprobe", "by_kretprobe"),
        ("on_ksyscall", "by_ksyscall"),
    ] {
        let link = good(object.program(program).unwrap().attach());
        counts(&object, variable, link);
    }
    let program = probe(&object, "on_kprobe");
    counts(&object, "by_kprobe", good(program.attach_kprobe(&Kprobe::syscall("getpgid"))));
    let at_start = Kprobe::function("do_sys_openat2").offset(0);
    let link = good(program.attach_kprobe(&at_start));
    let info = link.info();
    if gate.part_needs("links of perf events", "5.15", info.is_ok()) {
        assert_eq!(info.unwrap().link_type(), LinkType::PERF_EVENT);
        let bpffs = Bpffs::new();
        good(link.pin(bpffs.join("kprobe")));
        drop(link);
        let pinned = good(Link::from_pin(&Kernel::running().unwrap(), bpffs.join("kprobe")));
        std::fs::remove_file(bpffs.join("kprobe")).unwrap();
        counts(&object, "by_kprobe", pinned);
    }
}

#[test]
fn a_function_that_is_not_there_is_told_with_a_near_one() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(object) = load(&[]).map(good) else { return };
    let program = probe(&object, "on_kprobe");
    let error = program.attach_kprobe(&Kprobe::function("do_sys_openat3")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(format!("{error:#}").contains("did you mean `do_sys_openat2`?"), "{error:#}");
    let error = program.attach_kprobe(&Kprobe::syscall("no_such_call")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// The running kernel, as if it had neither sources of perf events for probes nor events of probes in tracefs.
fn without_probes(root: &Path) -> Kernel {
    let tracefs = root.join("tracing");
    std::fs::create_dir_all(tracefs.join("events")).unwrap();
    for folder in ["proc", "proc/self", "sys"] {
        std::fs::create_dir(root.join(folder)).unwrap();
    }
    let mounts = format!("none {} tracefs rw 0 0\n", tracefs.display());
    std::fs::write(root.join("proc/self/mounts"), &mounts).unwrap();
    symlink("/proc/sys", root.join("proc/sys")).unwrap();
    symlink("/sys/kernel", root.join("sys/kernel")).unwrap();
    good(Kernel::builder().root(root).build())
}

#[test]
fn what_a_kernel_was_built_without_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("link_probes").bytes() else { return };
    let root = tempfile::tempdir().unwrap();
    let kernel = without_probes(root.path());
    let spec = good(osmia::open("link_probes", bytes));
    let object = good(Object::load(&spec, &kernel));
    let uprobe = probe(&object, "on_uprobe").attach_uprobe(&Uprobe::function(file(), "readlink"));
    let kprobe = probe(&object, "on_kprobe").attach_kprobe(&Kprobe::function("do_sys_openat2"));
    for (outcome, option) in [(uprobe, "CONFIG_UPROBE_EVENTS"), (kprobe, "CONFIG_KPROBE_EVENTS")] {
        let error = outcome.unwrap_err();
        assert!(unsupported(&error), "{option}: {error:?}");
        assert!(format!("{error:#}").contains(option), "{error:#}");
    }
    if not_built_in("kprobe.multi", "register_fprobe_ips").is_some() {
        let Some(Ok(object)) = load(&["on_multi"]) else { return };
        let some = KprobeMulti::functions(["do_sys_openat2"]);
        let error = probe(&object, "on_multi").attach_kprobes(&some).unwrap_err();
        assert!(unsupported(&error), "{error:?}");
    }
}

#[test]
fn a_kprobe_has_a_cookie() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobes", "register_kprobe") {
        return;
    }
    let Some(loaded) = load(&["with_cookie"]) else { return };
    let Some(object) = gate.take("attach cookies", "5.15", loaded, refused) else { return };
    let place = Kprobe::syscall("getpgid").cookie(77);
    let _link = good(probe(&object, "with_cookie").attach_kprobe(&place));
    come_by();
    assert_eq!(count(&object, "cookie"), 77);
}

#[test]
fn one_link_probes_many_kernel_functions() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.multi", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load(&["on_multi"]).map(good) else { return };
    let link = object.program("on_multi").unwrap().attach();
    let Some(link) = gate.take("kprobe.multi", "5.18", link, unsupported) else { return };
    counts(&object, "by_multi", link);
    let program = probe(&object, "on_multi");
    let some = KprobeMulti::functions(["do_sys_openat2", "ksys_read"]);
    let link = good(program.attach_kprobes(&some.clone().cookies([1, 2]).on_return()));
    counts(&object, "by_multi", link);
    let error = program.attach_kprobes(&some.cookies([1])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    let absent = KprobeMulti::functions(["do_sys_openat2", "do_sys_openat3"]);
    let error = program.attach_kprobes(&absent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = program.attach_kprobes(&KprobeMulti::matching("osmia_*")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

#[test]
fn a_session_runs_at_both_ends() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.session", "register_fprobe_ips") {
        return;
    }
    let Some(object) = load(&["on_session"]).map(good) else { return };
    let link = object.program("on_session").unwrap().attach();
    let Some(link) = gate.take("kprobe.session", "6.10", link, unsupported) else { return };
    counts(&object, "by_session", link);
}

/// The link of a uprobe tells its file, and a place in it at which the program runs too.
fn tells_its_place(
    gate: &Gate,
    program: &ProbeProgram,
    link: &Link,
    (cookie, on_return): (u64, bool),
) {
    let details = good(link.details());
    let LinkDetails::Uprobe { path, offset, on_return: at_end, cookie: told } = details else {
        assert_eq!(details, LinkDetails::Untold);
        assert!(!gate.part_needs("the files of links", "6.6", false));
        return;
    };
    assert!(path.ends_with(file().file_name().unwrap()), "{}", path.display());
    assert_eq!(at_end, on_return);
    if told != cookie {
        assert!(!gate.part_needs("the cookies of links", "6.9", false));
    }
    let there = Uprobe::at(file(), u64::from(offset));
    let same = good(program.attach_uprobe(&if on_return { there.on_return() } else { there }));
    assert_eq!(good(same.details()), LinkDetails::Uprobe { path, offset, on_return, cookie: 0 });
}

#[test]
fn a_program_for_many_places_runs_at_one() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&["on_uprobe_multi"]).map(good) else { return };
    let program = probe(&object, "on_uprobe_multi");
    let place = Uprobe::function(file(), "readlink");
    let link = program.attach_uprobe(&place.clone().on_return());
    let Some(link) = gate.take("uprobe.multi", "6.6", link, unsupported) else { return };
    assert_eq!(link.info().unwrap().link_type(), LinkType::UPROBE_MULTI);
    assert_eq!(link.place(), place.clone().on_return().to_string());
    if let LinkDetails::FileFunctions { offsets, on_return, .. } = good(link.details()) {
        assert_eq!((offsets.len(), on_return), (1, true));
    }
    counts(&object, "by_uprobe_multi", link);
    let own = place.process(std::process::id());
    counts(&object, "by_uprobe_multi", good(program.attach_uprobe(&own)));
    let error = program.attach_uprobe(&Uprobe::function(file(), "readlin")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    if not_built_in("kprobe.multi", "register_fprobe_ips").is_none() {
        let Some(object) = load(&["on_multi"]).map(good) else { return };
        let place = Kprobe::function("do_sys_openat2");
        let error = probe(&object, "on_multi").attach_kprobe(&place).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        assert!(format!("{error:#}").contains("`attach_kprobes` attaches it"), "{error:#}");
    }
}

#[test]
fn uprobes_count_by_name_and_by_place() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&[]).map(good) else { return };
    let start = Uprobe::function(file(), "readlink");
    let program = probe(&object, "on_uprobe");
    let own = start.clone().process(std::process::id());
    for place in [start.clone(), own] {
        counts(&object, "by_uprobe", good(program.attach_uprobe(&place)));
    }
    let link = good(program.attach_uprobe(&start));
    if gate.part_needs("links of perf events", "5.15", link.info().is_ok()) {
        assert_eq!(link.info().unwrap().link_type(), LinkType::PERF_EVENT);
        tells_its_place(&gate, &program, &link, (0, false));
        drop(link);
        let link = good(program.attach_uprobe(&start.clone().cookie(99)));
        tells_its_place(&gate, &program, &link, (99, false));
    }
    let program = probe(&object, "on_uretprobe");
    let link = good(program.attach_uprobe(&start.clone().on_return()));
    if link.info().is_ok() {
        tells_its_place(&gate, &program, &link, (0, true));
    }
    counts(&object, "by_uretprobe", link);
    let program = probe(&object, "on_uprobe");

    let absent = Uprobe::function(file(), "readlin");
    let error = program.attach_uprobe(&absent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(format!("{error:#}").contains("did you mean `readlink`?"), "{error:#}");
    let error = program.attach_uprobe(&Uprobe::function("/no/such", "main")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = program.attach_uprobe(&Uprobe::function("libosmia.so.0", "main")).unwrap_err();
    assert!(format!("{error:#}").contains("no library `libosmia.so.0`"), "{error:#}");
    assert!(object.program("on_uprobe").unwrap().attach().is_err());
}

#[test]
fn one_link_probes_many_functions_of_a_program() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&["on_uprobe_multi"]).map(good) else { return };
    let program = probe(&object, "on_uprobe_multi");
    let all = UprobeMulti::matching(file(), "rmdi?");
    let link = program.attach_uprobes(&all);
    let Some(link) = gate.take("uprobe.multi", "6.6", link, unsupported) else { return };
    assert!(link.place().starts_with("1 functions"), "{}", link.place());
    assert_eq!(link.info().unwrap().link_type(), LinkType::UPROBE_MULTI);
    match good(link.details()) {
        LinkDetails::FileFunctions { path, offsets, on_return, process } => {
            assert!(path.ends_with(file().file_name().unwrap()), "{}", path.display());
            assert_eq!((offsets.len(), on_return, process), (1, false, 0));
        }
        untold => {
            assert_eq!(untold, LinkDetails::Untold);
            assert!(!gate.part_needs("the functions of links to many", "6.8", false));
        }
    }
    counts(&object, "by_uprobe_multi", link);
    let some = UprobeMulti::functions(file(), ["readlink", "rmdir"]);
    counts(&object, "by_uprobe_multi", good(program.attach_uprobes(&some.on_return())));
    let none = UprobeMulti::matching(file(), "osmia_no_such_*");
    assert_eq!(program.attach_uprobes(&none).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_uprobe_session_runs_at_both_ends() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&["on_uprobe_session"]).map(good) else { return };
    let program = probe(&object, "on_uprobe_session");
    let own = std::process::id();
    let place = UprobeMulti::functions(file(), ["readlink"]).process(own);
    let link = program.attach_uprobes(&place);
    let Some(link) = gate.take("uprobe.session", "6.13", link, unsupported) else { return };
    assert_eq!(link.info().unwrap().link_type(), LinkType::UPROBE_MULTI);
    let details = good(link.details());
    let LinkDetails::FileFunctions { path, offsets, on_return, process } = details else {
        panic!("{details:?}")
    };
    assert!(path.ends_with(file().file_name().unwrap()), "{}", path.display());
    assert_eq!((offsets.len(), on_return, process), (1, false, own));
    // Where this program has its C library in itself, looking for its file has come by, too.
    let before = count(&object, "by_uprobe_session");
    come_by();
    assert_eq!(count(&object, "by_uprobe_session"), before + 2);
    counts(&object, "by_uprobe_session", link);
}

#[test]
fn a_tracing_program_has_a_cookie() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("fentry") {
        return;
    }
    let Some(loaded) = load(&["fentry_with_cookie"]) else { return };
    let taken = gate.take("cookies of tracing programs", "5.19", loaded, refused);
    let Some(object) = taken else { return };
    let program = object.program("fentry_with_cookie").unwrap().clone();
    let program: TracingProgram = good(program.try_into());
    let _link = good(program.attach_with_cookie(77));
    come_by();
    assert_eq!(count(&object, "cookie"), 77);
}

#[test]
fn a_raw_tracepoint_has_a_cookie() {
    let Some(gate) = Gate::root() else { return };
    let Some(loaded) = load(&["raw_with_cookie"]) else { return };
    let taken = gate.take("cookies of raw tracepoints", "6.10", loaded, refused);
    let Some(object) = taken else { return };
    let program = object.program("raw_with_cookie").unwrap().clone();
    let program: RawTracepointProgram = good(program.try_into());
    let _link = good(program.attach_to(RawTracepoint::new("sys_enter").cookie(77)));
    come_by();
    assert_eq!(count(&object, "cookie"), 77);
}
