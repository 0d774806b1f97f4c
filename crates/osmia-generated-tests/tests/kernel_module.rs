//! A generated module, loaded; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::generated::Chars;
use osmia::{ErrorKind, Kernel, TestRun};
use osmia_generated_tests::module::types::{Key, Outcome};
use osmia_generated_tests::module::{self, Bpf, Spec};
use osmia_testkit::gate::Gate;

fn load(change: impl FnOnce(&mut Spec)) -> Bpf {
    let mut spec = module::open().unwrap();
    change(&mut spec);
    spec.load(&Kernel::running().unwrap()).unwrap_or_else(|error| panic!("{error:#}"))
}

const PACKET: [u8; 14] = [0; 14];

#[test]
fn constants_are_what_was_set() {
    let Some(_gate) = Gate::root() else { return };
    let run = |bpf: &Bpf, len: usize| {
        bpf.progs.const_example.test_run(&TestRun::data(&PACKET[..len])).map(|run| run.retval)
    };
    assert_eq!(run(&load(|_| ()), 14).unwrap(), 50);
    let bpf = load(|spec| spec.vars.const_u32.set(12));
    assert_eq!(run(&bpf, 14).unwrap(), 12);
    assert_eq!(bpf.vars.const_u32.get().unwrap(), 12);
    let error = run(&bpf, 13).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("at least 14 bytes"), "{error}");
}

#[test]
fn variables_change_on_both_sides() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load(|spec| {
        spec.vars.global_u16.set(9000);
        spec.vars.chosen.get_mut().pid = 77;
    });
    let run = || bpf.progs.counting.test_run(&TestRun::data(&PACKET)).unwrap();
    assert_eq!(bpf.vars.last.get().unwrap(), Outcome::OUTCOME_BAD);
    run();
    assert_eq!(bpf.vars.global_u16.get().unwrap(), 9001);
    assert_eq!(bpf.vars.last.get().unwrap(), Outcome::OUTCOME_GOOD);
    assert_eq!(bpf.vars.title.get().unwrap(), "Before");
    bpf.vars.global_u16.set(&41).unwrap();
    run();
    assert_eq!(bpf.vars.global_u16.get().unwrap(), 42);
    let keys: Vec<Key> = bpf.maps.counts.iter().map(|entry| entry.unwrap().0).collect();
    let [key] = keys[..] else { panic!("{keys:?}") };
    assert_eq!((key.pid, key.flags(), key.way), (77, 3, 9));
}

#[test]
fn the_kernels_configuration_is_told_after_loading() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load(|_| ());
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let major: u32 = release.split('.').next().unwrap().parse().unwrap();
    assert_eq!(bpf.kconfig.LINUX_KERNEL_VERSION.map(|version| version >> 16), Some(major));
    assert_eq!(bpf.kconfig.CONFIG_BPF_SYSCALL, Some(true.into()));
    assert_eq!(bpf.kconfig.CONFIG_OSMIA_IS_UNKNOWN, Some(0));
    // The only program that reads it is not loaded.
    assert_eq!(bpf.kconfig.CONFIG_OSMIA_IS_NOT_READ, None);
    let folded = {
        let kernel = Kernel::running().unwrap();
        module::open()
            .unwrap()
            .load_with(&osmia::Loader::new(&kernel).fold_constants(true))
            .unwrap()
    };
    assert_eq!(folded.kconfig.LINUX_KERNEL_VERSION, bpf.kconfig.LINUX_KERNEL_VERSION);
}

#[test]
fn maps_are_made_as_the_spec_was_changed() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load(|spec| {
        spec.maps.counts.max_entries = 3;
        spec.maps.counts.flags |= 1; // BPF_F_NO_PREALLOC
        spec.maps.counts.kernel_name = Some("renamed".to_owned());
        spec.progs.unread.autoload = false;
    });
    let info = bpf.object().map("counts").unwrap().info().unwrap();
    assert_eq!((info.max_entries, info.flags, info.name.as_str()), (3, 1, "renamed"));
}

#[test]
fn tables_of_callbacks_are_told_after_loading() {
    let Some(gate) = Gate::root() else { return };
    let spec = osmia_generated_tests::struct_ops::open().unwrap();
    let loaded = spec.load(&Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("create it");
    let Some(bpf) = gate.take("links of struct_ops", "6.4", loaded, refused) else { return };
    let shy = bpf.struct_ops.shy.as_ref().unwrap();
    assert_eq!((shy.name(), shy.struct_name()), ("shy", "tcp_congestion_ops"));
    assert_eq!(bpf.struct_ops.linked.as_ref().unwrap().programs().len(), 4);
    assert!(bpf.struct_ops.left_out.is_none());
}

#[test]
fn tables_of_callbacks_are_changed_before_loading() {
    let Some(gate) = Gate::root() else { return };
    let mut spec = osmia_generated_tests::struct_ops::open().unwrap();
    spec.struct_ops.linked.name.set(Chars::new("osmia_shadow").unwrap());
    spec.struct_ops.linked.init.clear();
    spec.struct_ops.shy.map.autocreate = false;
    let loaded = spec.load(&Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("create it");
    let Some(bpf) = gate.take("links of struct_ops", "6.4", loaded, refused) else { return };
    assert!(bpf.struct_ops.shy.is_none());
    let table = bpf.struct_ops.linked.as_ref().unwrap();
    assert_eq!(table.programs().len(), 3);
    let listed = || {
        let text = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
        text.unwrap().split_whitespace().any(|one| one == "osmia_shadow")
    };
    let link = table.attach().unwrap();
    assert!(listed());
    link.detach().unwrap();
    assert!(!listed());
}
