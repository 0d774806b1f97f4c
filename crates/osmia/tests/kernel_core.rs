//! CO-RE against the running kernel's types; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, Kernel, Object, ObjectSpec, TestRun};
use osmia_btf::core_re::{Minimal, Target};
use osmia_btf::value::{self, Input, ValueError};
use osmia_btf::{Btf, Kind, TypeId};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("core", Fixture::new("core").bytes()?).unwrap())
}

#[test]
fn members_are_read_where_this_kernel_has_them() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    reads_its_own_task(&spec, &Kernel::running().unwrap());
}

fn reads_its_own_task(spec: &ObjectSpec, kernel: &Kernel) {
    let object = Object::load(spec, kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let program = object.program("reads").unwrap();
    program.test_run(&TestRun::new().ctx(&[0_u64; 2])).unwrap();
    let value = |name: &str| object.variable(name).unwrap().typed::<u32>().unwrap().get().unwrap();
    assert_eq!(value("read_tgid"), std::process::id());
    assert_eq!(value("flavoured"), std::process::id());
    assert_ne!(value("read_pid"), 0);
    assert_eq!(value("exists"), 1);
    assert_eq!(value("missing"), 1);
}

#[test]
fn a_member_that_this_kernel_lacks_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["reads_missing"].autoload = true;
    let error = Object::load(&spec, &Kernel::running().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verifier);
    let text = format!("{error:#}");
    assert!(text.contains("no_such_member"), "{text}");
    assert!(text.contains("struct task_struct"), "{text}");
    assert!(text.contains("bpf_core_field_exists"), "{text}");
}

#[test]
fn the_renamed_member_of_iov_iter() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("core_iter").bytes() else { return };
    let mut spec = osmia::open("core_iter", bytes).unwrap();
    for program in ["unguarded", "two_underscores", "pid"] {
        spec.programs[program].autoload = false;
    }
    let kernel = Kernel::running().unwrap();
    // The guard and a flavour fit any kernel.
    Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let btf = kernel.btf().unwrap();
    let iter = btf.find(Kind::Struct, "iov_iter").unwrap().unwrap().id();
    let is_old = btf.member(iter, "iov").is_ok();
    spec.programs["unguarded"].autoload = true;
    let loaded = Object::load(&spec, &kernel);
    assert_eq!(loaded.is_ok(), is_old);
    if let Err(error) = loaded {
        let text = format!("{error:#}");
        let headline = "`struct iov_iter` of vmlinux has no member `iov`; near it there is `__iov`";
        assert!(text.contains(headline), "{text}");
        assert!(text.contains("C: return (long)iter->iov; @ "), "{text}");
        assert!(text.contains("core_iter.bpf.c:30"), "{text}");
        assert!(!text.contains("195896080"), "{text}");
        assert!(error.verifier().unwrap().log().contains("195896080"), "{text}");
    }
    spec.programs["unguarded"].autoload = false;
    spec.programs["two_underscores"].autoload = true;
    let text = format!("{:#}", Object::load(&spec, &kernel).unwrap_err());
    assert!(text.contains("needs three underscores, as in `iov_iter___new`"), "{text}");
}

#[test]
fn without_the_kernels_types_the_error_says_how_to_give_them() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let empty = tempfile::TempDir::new().unwrap();
    let kernel = Kernel::builder().root(empty.path()).build().unwrap();
    let error = Object::load(&spec, &kernel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = format!("{error:#}");
    assert!(text.contains("CONFIG_DEBUG_INFO_BTF"), "{text}");
    let kernel =
        Kernel::builder().root(empty.path()).btf_file("/sys/kernel/btf/vmlinux").build().unwrap();
    Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
}

/// As much of the running kernel's types as an object needs.
fn minimal(spec: &ObjectSpec, kernel: &Kernel) -> Btf {
    let target = Target::new("vmlinux", kernel.btf().unwrap());
    let mut minimal = Minimal::new(target, Vec::new());
    let records = spec.functions.iter().flat_map(|function| &function.core);
    minimal.add(spec.btf.as_ref().unwrap(), records.map(|one| one.record)).unwrap();
    minimal.build().unwrap()
}

#[test]
fn what_an_object_needs_of_the_kernels_types_is_enough() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    let running = Kernel::running().unwrap();
    let types = minimal(&spec, &running);
    assert!(types.as_bytes().len() < 1000, "{} bytes", types.as_bytes().len());
    let empty = tempfile::TempDir::new().unwrap();
    let file = empty.path().join("min.btf");
    std::fs::write(&file, types.as_bytes()).unwrap();
    let silent = Kernel::builder().root(empty.path()).btf_file(&file).build().unwrap();
    reads_its_own_task(&spec, &silent);
    // What the kernel tells of itself does not matter where types were given.
    reads_its_own_task(&spec, &Kernel::builder().btf_file(&file).build().unwrap());

    spec.programs["reads_missing"].autoload = true;
    let text = format!("{:#}", Object::load(&spec, &silent).unwrap_err());
    assert!(text.contains("no_such_member"), "{text}");
    let Some(bytes) = Fixture::new("core_iter").bytes() else { return };
    let mut other = osmia::open("core_iter", bytes).unwrap();
    for program in other.programs.values_mut() {
        program.autoload = program.name == "unguarded";
    }
    let text = format!("{:#}", Object::load(&other, &silent).unwrap_err());
    assert!(text.contains("struct iov_iter"), "{text}");
}

#[test]
fn a_whole_struct_of_the_kernel_is_printed_and_read_back() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("core_whole").bytes() else { return };
    let mut spec = osmia::open("core_whole", bytes).unwrap();
    let kernel = Kernel::running().unwrap();
    let btf = kernel.btf().unwrap();
    let task = btf.find(Kind::Struct, "task_struct").unwrap().unwrap();
    let size = task.own_size().unwrap();
    spec.set("size", size).unwrap();
    let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    let program = object.program("copies").unwrap();
    let run = program.test_run(&TestRun::new().ctx(&[0_u64; 2])).unwrap();
    assert_eq!(run.retval, 0);
    let all = object.variable("task").unwrap().read().unwrap();
    let bytes = &all[..size as usize];

    let text = value::to_text(btf, task.id(), bytes).unwrap();
    let json = value::to_json(btf, task.id(), bytes).unwrap();
    let (process, thread) = (std::process::id(), rustix::thread::gettid().as_raw_nonzero());
    let name = std::fs::read_to_string(format!("/proc/self/task/{thread}/comm")).unwrap();
    let name = name.trim_end();
    for part in [
        format!(" pid: {thread}, tgid: {process},"),
        format!(" comm: \"{name}\","),
        " policy: 0,".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    for part in [
        format!("\"pid\":{thread},\"tgid\":{process},"),
        format!("\"comm\":\"{name}\","),
        "\"policy\":0,".to_owned(),
    ] {
        assert!(json.contains(&part), "{part} in {json}");
    }
    for (written, print) in [(&text, value::to_text as Print), (&json, value::to_json)] {
        let read = Input::parse(written).unwrap().encode(btf, task.id()).unwrap();
        assert_eq!(read.len(), bytes.len());
        assert_eq!(&print(btf, task.id(), &read).unwrap(), written);
    }
}

/// Writes a value.
type Print = fn(&Btf, TypeId, &[u8]) -> Result<String, ValueError>;
