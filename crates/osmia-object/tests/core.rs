//! CO-RE relocations of linked programs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::Endian;
use osmia_btf::core_re::{POISON, Poison, Relocator, Target};
use osmia_insn::Opcode;
use osmia_object::{Error, LinkedProgram, ObjectSpec};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{self, Fixture};

/// A relocator for the types of `core_calls.bpf.c` as they are with KERNEL.
fn relocator(spec: &ObjectSpec) -> Option<Relocator> {
    let endian = match spec.endian {
        Endian::Little => fixture::Endian::Little,
        Endian::Big => fixture::Endian::Big,
    };
    let kernel = Fixture::new("core_calls").clang(Clang::V14).endian(endian).define("KERNEL");
    let kernel = ObjectSpec::parse("kernel", kernel.bytes()?.into()).unwrap();
    let types = Target::new("kernel", kernel.btf.as_ref().unwrap());
    Some(Relocator::new(spec.btf.as_ref().unwrap(), types))
}

/// Hands over each compiler's object with a program of it, linked and relocated.
fn each(program: &str, mut check: impl FnMut(&str, &LinkedProgram, &mut Relocator)) {
    compilers::each("core_calls", |label, spec| {
        let Some(mut relocator) = relocator(spec) else { return };
        let mut linked = spec.link(program).unwrap();
        assert!(!linked.core.is_empty(), "{label}");
        linked.relocate(&mut relocator).unwrap();
        assert!(linked.core.is_empty(), "{label}");
        check(label, &linked, &mut relocator);
    });
}

/// The offsets of the loads of a function.
fn loads(linked: &LinkedProgram, function: &str) -> Vec<i16> {
    let found = linked.functions.iter().find(|found| found.name == function).unwrap();
    let insns = linked.insns.iter().skip(found.start as usize).take(found.len as usize);
    insns.filter(|insn| insn.code == Opcode(0x61)).map(|insn| insn.off).collect()
}

#[test]
fn loads_find_their_fields() {
    each("present", |label, linked, _| {
        assert_eq!(loads(linked, "legs"), [32], "{label}");
        assert!(linked.poisoned.is_empty(), "{label}");
    });
}

#[test]
fn what_the_target_lacks_cannot_run() {
    each("absent", |label, linked, relocator| {
        assert_eq!(loads(linked, "legs"), [32], "{label}");
        assert!(loads(linked, "wings").is_empty(), "{label}");
        let [poisoned] = linked.poisoned.as_slice() else { panic!("{label}: {linked:?}") };
        let function = linked.function_at(poisoned.at).unwrap();
        assert_eq!(function.name, "wings", "{label}");
        let insn = linked.insns[poisoned.at as usize];
        assert!(insn.is_helper_call() && insn.imm == poisoned.function, "{label}");
        assert_eq!((poisoned.function, poisoned.why), (POISON, Poison::Missing), "{label}");
        assert_eq!(linked.poisoned_by(insn.imm), Some(poisoned), "{label}");
        assert_eq!(linked.poisoned_by(1), None, "{label}");
        assert_eq!(linked.poisoned_by(POISON + 1), None, "{label}");
        let reason = relocator.explain(&poisoned.record).unwrap().unwrap().to_string();
        assert!(reason.contains("wings"), "{label}: {reason}");
    });
}

#[test]
fn who_asks_first_never_comes_to_it() {
    each("guarded", |label, linked, _| {
        // The question is answered with 0, the field's load is poisoned.
        assert_eq!(linked.poisoned.len(), 1, "{label}");
        assert_eq!(loads(linked, "legs"), [32], "{label}");
    });
}

#[test]
fn numbers_of_64_bits_are_poisoned_whole() {
    each("number", |label, linked, _| {
        let [first, second] = linked.poisoned.as_slice() else { panic!("{label}: {linked:?}") };
        assert_eq!((first.function, second.function), (POISON, POISON + 1), "{label}");
        for poisoned in [first, second] {
            assert_eq!(linked.poisoned_by(poisoned.function), Some(poisoned), "{label}");
            let wide = poisoned == first;
            let next = linked.insns[poisoned.at as usize + 1];
            assert_eq!(next.imm == poisoned.function, wide, "{label}");
        }
        assert!(linked.insns.iter().all(|insn| !insn.is_wide()), "{label}");
    });
}

#[test]
fn instructions_that_hold_something_else_are_refused() {
    compilers::each("core_calls", |label, spec| {
        let Some(mut relocator) = relocator(spec) else { return };
        let mut linked = spec.link("present").unwrap();
        let at = linked.core[0].at;
        linked.insns[at as usize].off = 20;
        let error = linked.relocate(&mut relocator).unwrap_err();
        assert!(matches!(error, Error::Core { at: found, .. } if found == at), "{label}");
        assert!(error.to_string().contains("function legs"), "{label}: {error}");
    });
}
