//! Externs of the running kernel: its configuration and its symbols; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, Kernel, Object, TestRun};
use osmia_btf::Kind;
use osmia_object::kconfig::Config;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::skip;

fn copies(kernel: &Kernel) -> Option<Result<Object, osmia::Error>> {
    let spec = osmia::open("kconfig", Fixture::new("kconfig").bytes()?).unwrap();
    Some(Object::load(&spec, kernel))
}

/// A number as the program copied it.
fn number(object: &Object, name: &str) -> u64 {
    let mut bytes = object.variable(name).unwrap().read().unwrap();
    bytes.resize(8, 0);
    u64::from_ne_bytes(bytes.try_into().unwrap())
}

fn run(object: &Object, program: &str) {
    let program = object.program(program).unwrap();
    assert_eq!(program.test_run(&TestRun::data(&[0; 14])).unwrap().retval, 0);
}

#[test]
fn the_running_kernels_configuration_is_seen_by_programs() {
    let Some(_gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    let Some(object) = copies(&kernel) else { return };
    let object = object.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(object.notes().is_empty(), "{:?}", object.notes());
    run(&object, "copies");
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let major: u64 = release.split('.').next().unwrap().parse().unwrap();
    assert_eq!(number(&object, "version") >> 16, major);
    let config = kernel.config().unwrap();
    let hz: u64 = config.option("CONFIG_HZ").unwrap().parse().unwrap();
    assert_eq!(number(&object, "hz"), hz);
    assert_eq!(number(&object, "bpf_syscall"), 1);
    let ipv6 = match config.option("CONFIG_IPV6") {
        Some("y") => 1,
        Some("m") => 2,
        _ => 0,
    };
    assert_eq!(number(&object, "ipv6"), ipv6);
    assert_eq!(number(&object, "net"), u64::from(b'y'));
    let unpriv_off = config.option("CONFIG_BPF_UNPRIV_DEFAULT_OFF") == Some("y");
    assert_eq!(number(&object, "unpriv_off"), u64::from(unpriv_off));
    assert_eq!(number(&object, "no_such_option"), 0);
    let hostname = object.variable("hostname").unwrap().read().unwrap();
    let quoted = config.option("CONFIG_DEFAULT_HOSTNAME").unwrap();
    assert!(hostname.starts_with(quoted.trim_matches('"').as_bytes()), "{hostname:?}");
    let wrapped = cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "s390x"));
    assert_eq!(number(&object, "has_syscall_wrapper"), u64::from(wrapped));
}

#[test]
fn attach_cookies_are_known() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = copies(&Kernel::running().unwrap()) else { return };
    let object = object.unwrap();
    run(&object, "copies");
    let there = number(&object, "has_bpf_cookie") == 1;
    if gate.needs("attach cookies", "5.15", there) {
        assert!(there);
    }
}

const GIVEN: &str = "CONFIG_BPF_SYSCALL=y\nCONFIG_IPV6=m\nCONFIG_NET=y\nCONFIG_HZ=123\n\
                     CONFIG_DEFAULT_HOSTNAME=\"elsewhere\"\n";

#[test]
fn a_given_configuration_is_used() {
    let Some(_gate) = Gate::root() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.config");
    std::fs::write(&file, GIVEN).unwrap();
    let kernel = Kernel::builder().config_file(&file).build().unwrap();
    let Some(object) = copies(&kernel) else { return };
    let object = object.unwrap();
    run(&object, "copies");
    assert_eq!((number(&object, "hz"), number(&object, "ipv6")), (123, 2));
    let hostname = object.variable("hostname").unwrap().read().unwrap();
    assert!(hostname.starts_with(b"elsewhere\0"));

    let config = Config::parse("mine", GIVEN.replace("CONFIG_HZ=123\n", "").as_bytes()).unwrap();
    let kernel = Kernel::builder().config(config).build().unwrap();
    let error = copies(&kernel).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = format!("{error:#}");
    assert!(text.contains("CONFIG_HZ") && text.contains("(mine)"), "{text}");
    assert!(text.contains("__weak"), "{text}");
}

#[test]
fn where_no_configuration_is_the_places_are_named() {
    let Some(_gate) = Gate::root() else { return };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
    std::fs::write(root.path().join("proc/sys/kernel/osrelease"), "5.10.0-1-amd64\n").unwrap();
    let kernel = Kernel::builder().root(root.path()).build().unwrap();
    let error = copies(&kernel).unwrap().unwrap_err();
    let text = format!("{error:#}");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
    assert!(text.contains("CONFIG_HZ") && text.contains("/boot/config-5.10.0-1-amd64"), "{text}");
    assert!(text.contains("config_file"), "{text}");
    std::fs::create_dir_all(root.path().join("boot")).unwrap();
    std::fs::write(root.path().join("boot/config-5.10.0-1-amd64"), GIVEN).unwrap();
    let config = kernel.config().unwrap();
    assert_eq!(config.option("CONFIG_HZ"), Some("123"));
}

fn ksyms(kernel: &Kernel, program: &str) -> Option<Result<Object, osmia::Error>> {
    let mut spec = osmia::open("ksyms", Fixture::new("ksyms").bytes()?).unwrap();
    spec.programs[program].autoload = true;
    Some(Object::load(&spec, kernel))
}

fn symbol(name: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/kallsyms").unwrap();
    let line = table.lines().find(|line| line.split(' ').nth(2) == Some(name)).unwrap();
    u64::from_str_radix(line.split(' ').next().unwrap(), 16).unwrap()
}

#[test]
fn untyped_symbols_are_addresses() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = ksyms(&Kernel::running().unwrap(), "addresses") else { return };
    let object = object.unwrap_or_else(|error| panic!("{error:?}"));
    run(&object, "addresses");
    assert_eq!(number(&object, "schedule_address"), symbol("schedule"));
    assert_eq!(number(&object, "absent_address"), 0);
}

#[test]
fn hidden_and_unlisted_symbols_are_explained() {
    let Some(_gate) = Gate::root() else { return };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.path().join(path), text).unwrap();
    let kernel = Kernel::builder().root(root.path()).build().unwrap();
    let refused = || {
        let error = ksyms(&kernel, "addresses").unwrap().unwrap_err();
        (error.kind(), format!("{error:#}"))
    };
    if Fixture::new("ksyms").path().is_none() {
        return;
    }
    let (kind, text) = refused();
    assert!(kind == ErrorKind::NotFound && text.contains("CONFIG_KALLSYMS"), "{text}");
    write("proc/kallsyms", "0000000000000000 D schedule\n");
    write("proc/sys/kernel/kptr_restrict", "2\n");
    let (kind, text) = refused();
    assert!(kind == ErrorKind::Permission, "{text}");
    assert!(text.contains("schedule") && text.contains("kernel.kptr_restrict=1"), "{text}");
    write("proc/kallsyms", "ffffffff82000000 D other\n");
    let (kind, text) = refused();
    assert!(kind == ErrorKind::NotFound && text.contains("CONFIG_KALLSYMS_ALL"), "{text}");
    write("proc/kallsyms", "ffffffff82000000 D schedule\nffffffff82000040 d schedule\t[x]\n");
    let (kind, text) = refused();
    assert!(kind == ErrorKind::Invalid && text.contains("0xffffffff82000040 in x"), "{text}");
}

/// The release that brought `bpf_rcu_read_lock` and its neighbour.
const LOCKS: (&str, &str) = ("bpf_rcu_read_lock", "6.2");

#[test]
fn typed_variables_are_per_cpu_pointers() {
    let Some(gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    let Some(object) = ksyms(&kernel, "typed") else { return };
    let variable = kernel.btf().unwrap().find(Kind::Var, "bpf_prog_active").unwrap();
    if let (Err(error), None) = (&object, variable) {
        // Some distributions' older kernels tell no variables at all.
        let text = format!("{error:#}");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
        assert!(text.contains("`extern const void` gives the address"), "{text}");
        skip::whole("variables by type: this kernel's BTF has none");
        return;
    }
    if let Err(error) = &object {
        // The kernel itself finds variables by the list of symbols.
        let text = format!("{error:#}");
        assert!(!gate.built_with("variables by type", "bpf_prog_active"), "{text}");
        assert!(text.contains("CONFIG_KALLSYMS_ALL"), "{text}");
        return;
    }
    let object = object.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(object.notes().is_empty(), "{:?}", object.notes());
    run(&object, "typed");
    assert_ne!(number(&object, "prog_active") as u32, u32::MAX);
    assert_ne!(number(&object, "runqueues_address"), 0);
    assert_eq!(number(&object, "has_absent_variable"), 0);
}

#[test]
fn kernel_functions_are_called_and_absent_ones_are_not() {
    let Some(gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    let Some(object) = ksyms(&kernel, "calls") else { return };
    let unsupported = |error: &osmia::Error| error.kind() == ErrorKind::NotFound;
    let Some(object) = gate.take(LOCKS.0, LOCKS.1, object, unsupported) else { return };
    assert!(object.notes().is_empty(), "{:?}", object.notes());
    run(&object, "calls");
    assert_eq!(number(&object, "has_absent_function"), 0);
    assert_eq!(number(&object, "has_wrong_function"), 0);
    assert_eq!(number(&object, "has_flavour"), 1);
}

#[test]
fn an_absent_function_that_is_reached_is_explained() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = ksyms(&Kernel::running().unwrap(), "unguarded") else { return };
    let error = object.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verifier);
    let text = format!("{error:#}");
    assert!(text.contains("it calls `osmia_no_such_function`: neither vmlinux nor"), "{text}");
    assert!(text.contains("bpf_ksym_exists"), "{text}");
    assert!(text.contains("return osmia_no_such_function(7);"), "{text}");
}

#[test]
fn kernels_without_types_have_no_typed_symbols() {
    let Some(_gate) = Gate::root() else { return };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.path().join(path), text).unwrap();
    write("proc/sys/kernel/osrelease", "5.10.0-1-amd64\n");
    let kernel = Kernel::builder().root(root.path()).build().unwrap();
    let Some(outcome) = ksyms(&kernel, "typed") else { return };
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = format!("{error:#}");
    assert!(text.contains("`bpf_prog_active`") || text.contains("`runqueues`"), "{text}");
    assert!(text.contains("CONFIG_DEBUG_INFO_BTF"), "{text}");
    assert!(text.contains("/boot/vmlinux-5.10.0-1-amd64"), "{text}");
    assert!(text.contains("Kernel::builder().btf_file"), "{text}");
    // What is weak is taken for absent, and the verifier's refusal says why.
    let error = ksyms(&kernel, "unguarded").unwrap().unwrap_err();
    let text = format!("{error:#}");
    assert_eq!(error.kind(), ErrorKind::Verifier, "{text}");
    assert!(text.contains("does not tell its types (CONFIG_DEBUG_INFO_BTF)"), "{text}");
    // Addresses need no types.
    write("proc/kallsyms", "ffffffff81000000 T schedule\n");
    let object = ksyms(&kernel, "addresses").unwrap().unwrap_or_else(|error| panic!("{error:?}"));
    run(&object, "addresses");
    assert_eq!(number(&object, "schedule_address"), 0xffff_ffff_8100_0000);
}
