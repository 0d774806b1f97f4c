//! What an object expects of the kernel.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::Kind;
use osmia_object::{ExternKind, MapRole, Target};

#[test]
fn the_configuration_is_laid_out_by_alignment_size_and_name() {
    compilers::each("externs", |label, spec| {
        let kind = |name: &str| (spec.externs[name].kind, spec.externs[name].weak);
        let place = |offset, size| ExternKind::Kconfig { offset, size };
        assert_eq!(kind("CONFIG_HZ"), (place(0, 8), false), "{label}");
        assert_eq!(kind("CONFIG_IPV6"), (place(8, 4), true), "{label}");
        assert_eq!(kind("LINUX_KERNEL_VERSION"), (place(12, 4), false), "{label}");
        assert_eq!(kind("CONFIG_BPF_SYSCALL"), (place(16, 1), true), "{label}");
        assert_eq!(kind("CONFIG_DEFAULT_HOSTNAME"), (place(17, 10), true), "{label}");
        let map = &spec.maps[".kconfig"];
        assert_eq!((map.role, map.value_size, map.flags), (MapRole::Kconfig, 27, 0x80), "{label}");
        assert_eq!(map.kernel_name.as_deref(), Some("externs.kconfig"), "{label}");
        assert!(map.value_type.is_some() && map.contents.is_empty(), "{label}");
    });
}

#[test]
fn symbols_of_the_kernel_are_functions_or_variables() {
    compilers::each("externs", |label, spec| {
        let kind = |name: &str| (spec.externs[name].kind, spec.externs[name].weak);
        assert_eq!(kind("bpf_prog_active"), (ExternKind::KernelVariable, true), "{label}");
        assert_eq!(kind("runqueues"), (ExternKind::KernelVariable, false), "{label}");
        assert_eq!(kind("bpf_rcu_read_lock"), (ExternKind::KernelFunction, false), "{label}");
        assert_eq!(kind("no_such_kfunc"), (ExternKind::KernelFunction, true), "{label}");
        let btf = spec.btf.as_ref().unwrap();
        let ty = |name: &str| btf.resolve(spec.externs[name].ty.unwrap()).unwrap().kind();
        assert_eq!(ty("runqueues"), Kind::Int, "{label}");
        assert_eq!(ty("bpf_prog_active"), Kind::Void, "{label}");
        assert_eq!(ty("no_such_kfunc"), Kind::FuncProto, "{label}");
    });
}

#[test]
fn references_to_externs_remain_for_the_loader() {
    compilers::each("externs", |label, spec| {
        let linked = spec.link("uses").unwrap();
        for name in spec.externs.keys() {
            let target = Target::Extern(name.clone());
            assert!(linked.relocations.iter().any(|r| r.target == target), "{label}: {name}");
        }
        let calls = linked.relocations.iter().filter(|r| linked.insns[r.at as usize].is_call());
        assert_eq!(calls.count(), 2, "{label}");
    });
}
