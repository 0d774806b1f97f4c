//! Attaching to the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{
    AttachType, ErrorKind, Kernel, Link, LinkDetails, Object, ObjectSpec, XdpMode, XdpProgram,
};
use osmia_sys::abi::LinkType;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::veth::Veth;

fn spec() -> Option<ObjectSpec> {
    let mut spec = osmia::open("places", Fixture::new("places").bytes()?).unwrap();
    spec.set("only_tgid", std::process::id()).unwrap();
    Some(spec)
}

fn load() -> Option<Object> {
    let kernel = Kernel::running().unwrap();
    Some(Object::load(&spec()?, &kernel).unwrap_or_else(|error| panic!("{error:?}")))
}

fn count(object: &Object, variable: &str) -> u64 {
    object.variable(variable).unwrap().typed::<u64>().unwrap().get().unwrap()
}

/// Makes the system call that the programs look at.
fn call() {
    rustix::process::getpriority_process(None).unwrap();
}

fn tells_its_name(gate: &Gate, link_type: LinkType, details: &LinkDetails) {
    match details {
        LinkDetails::Tracepoint { name, .. } => assert_eq!(name, "sys_enter_getpriority"),
        LinkDetails::RawTracepoint { name } => assert_eq!(name, "sys_enter"),
        other => {
            assert_eq!((other, link_type), (&LinkDetails::Untold, LinkType::PERF_EVENT));
            assert!(!gate.part_needs("the names of tracepoints of links", "6.6", false));
        }
    }
}

#[test]
fn each_kind_counts_while_its_link_lives() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    for (program, variable, link_type) in [
        ("on_tracepoint", "by_tracepoint", LinkType::PERF_EVENT),
        ("on_raw_tracepoint", "by_raw_tracepoint", LinkType::RAW_TRACEPOINT),
        ("on_btf", "by_btf", LinkType::RAW_TRACEPOINT),
    ] {
        call();
        assert_eq!(count(&object, variable), 0, "{program}");
        let link = object.program(program).unwrap().attach();
        let link = link.unwrap_or_else(|error| panic!("{error:?}"));
        call();
        let seen = count(&object, variable);
        assert!(seen > 0, "{program}");
        let unsupported =
            |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
        // Tracepoints have links since 5.15 only; what is attached without one is detached as well.
        let info = match link_type {
            LinkType::PERF_EVENT if gate.release() < "5.15".parse().unwrap() => {
                assert!(unsupported(&link.info().unwrap_err()));
                None
            }
            _ => Some(link.info().unwrap()),
        };
        if let Some(info) = info {
            assert_eq!(info.link_type(), link_type);
            assert_eq!(info.program_id(), object.program(program).unwrap().info().unwrap().id);
            tells_its_name(&gate, link_type, &link.details().unwrap());
        }
        link.detach().unwrap();
        let seen = count(&object, variable);
        call();
        assert_eq!(count(&object, variable), seen, "{program}");
    }
}

#[test]
fn all_that_name_a_place_are_attached_and_the_others_are_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let links = object.attach().unwrap();
    let attached: Vec<&str> = links.iter().map(|(name, _)| name).collect();
    assert_eq!(attached, ["on_tracepoint", "on_raw_tracepoint", "on_btf"]);
    let left_out = |program: &str| {
        links.left_out().iter().find(|one| one.program == program).unwrap().why.clone()
    };
    assert!(left_out("on_packet").contains("interface"), "{}", left_out("on_packet"));
    assert!(left_out("on_function").contains("not loaded"));
    call();
    for variable in ["by_tracepoint", "by_raw_tracepoint", "by_btf"] {
        assert!(count(&object, variable) > 0, "{variable}");
    }
}

#[test]
fn if_one_cannot_be_attached_none_is() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["on_absent_tracepoint"].autoload = true;
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let error = object.attach().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = format!("{error:#}");
    assert!(
        text.contains("attach object `places`: attach program `on_absent_tracepoint`"),
        "{text}"
    );
    assert!(text.contains("did you mean `sys_enter_close`?"), "{text}");
    call();
    assert_eq!(count(&object, "by_tracepoint"), 0);
}

#[test]
fn an_absent_target_is_refused_when_it_is_loaded() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["on_absent"].autoload = true;
    let error = Object::load(&spec, &Kernel::running().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = format!("{error:#}");
    assert!(
        text.contains("this kernel has no tracepoint `sys_entr`; did you mean `sys_enter`?"),
        "{text}"
    );
}

#[test]
fn a_kernel_that_forbids_patching_is_found_out() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["on_function"].autoload = true;
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    if osmia_testkit::gate::host_policy().is_none() {
        loaded.unwrap_or_else(|error| panic!("{error:?}"));
        return;
    }
    let _ = &gate;
    let error = loaded.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(format!("{error:#}").contains("forbids patching its functions"), "{error:#}");
}

#[test]
fn a_pinned_link_outlives_its_owner() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let bpffs = Bpffs::new();
    let kernel = Kernel::running().unwrap();
    let link = object.program("on_btf").unwrap().attach().unwrap();
    let id = link.info().unwrap().id();
    link.pin(bpffs.join("link")).unwrap();
    drop(link);
    call();
    assert!(count(&object, "by_btf") > 0);
    let pinned = Link::from_pin(&kernel, bpffs.join("link")).unwrap();
    assert_eq!(pinned.info().unwrap().id(), id);
    assert_eq!(Link::from_id(&kernel, id).unwrap().info().unwrap().id(), id);
    std::fs::remove_file(bpffs.join("link")).unwrap();
    drop(pinned);
    // The kernel lets a link go when nobody holds it any more, some of them a moment later.
    let detached = || {
        let seen = count(&object, "by_btf");
        call();
        count(&object, "by_btf") == seen
    };
    let began = std::time::Instant::now();
    while !detached() {
        assert!(began.elapsed().as_secs() < 20, "it is still attached");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn packets_are_counted_on_an_interface_of_our_own() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let program = object.program("on_packet").unwrap().clone();
    let program = XdpProgram::try_from(program).unwrap();
    for mode in [XdpMode::Generic, XdpMode::Driver, XdpMode::Any] {
        let before = count(&object, "by_xdp");
        let attach = || program.attach(veth.near_index(), mode);
        let held = veth.near.enter(attach).unwrap_or_else(|error| panic!("{mode:?}: {error:?}"));
        let place =
            LinkDetails::Interface { index: veth.near_index(), attach_type: AttachType::XDP };
        assert_eq!(held.details().unwrap(), place);
        let error = veth.near.enter(attach).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        let (program, link) = (held.info().unwrap().program_id(), held.info().unwrap().id());
        let who = format!("already (program {program} `on_packet`, by link {link})");
        assert!(format!("{error:#}").contains(&who), "{error:#}");
        let began = std::time::Instant::now();
        while count(&object, "by_xdp") == before {
            veth.send_to_near(9, b"hello").unwrap();
            assert!(began.elapsed().as_secs() < 20, "{mode:?}: no packet came by");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        held.replace(object.program("on_packet").unwrap()).unwrap();
        let error = held.replace(object.program("on_btf").unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        held.detach().unwrap();
    }
    let error = veth.near.enter(|| program.attach(9999, XdpMode::Any)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
