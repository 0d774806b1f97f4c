//! What the record of a failed CO-RE relocation says: the line of C, and the members near the one that is gone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::core_re::{Cause, Relocator, Target};
use osmia_btf::{Bits, Btf, Builder, Kind, Member, TypeId};
use osmia_object::ObjectSpec;

/// A kernel that has all but the members that are asked for.
fn kernel(spec: &ObjectSpec) -> Btf {
    let mut builder = Builder::new(spec.endian);
    let signed = |size| osmia_btf::Int {
        size,
        bits: size * 8,
        offset: 0,
        signed: true,
        is_char: false,
        is_bool: false,
    };
    let long = builder.int("long", signed(8)).unwrap();
    let int = builder.int("int", signed(4)).unwrap();
    let pointer = builder.pointer(TypeId::VOID).unwrap();
    let member = |name: &'static str, ty, byte: u32| Member {
        name,
        ty,
        offset: Bits(byte * 8),
        bitfield: None,
    };
    let iter = [
        member("ubuf", pointer, 0),
        member("iow", pointer, 8),
        member("IOV", pointer, 16),
        member("count", long, 24),
        member("kvec", pointer, 32),
        member("__iov", pointer, 40),
        member("aov", pointer, 48),
    ];
    builder.composite(Kind::Struct, "iov_iter", 56, &iter).unwrap();
    let task = [member("pid", int, 0), member("tgid", int, 4), member("real_parent", pointer, 8)];
    builder.composite(Kind::Struct, "task_struct", 16, &task).unwrap();
    builder.build().unwrap()
}

#[test]
fn the_line_is_the_one_that_reads() {
    compilers::each("core_lines", |label, spec| {
        let btf = spec.btf.clone().unwrap();
        let mut relocator = Relocator::new(&btf, Target::new("vmlinux", &kernel(spec)));
        for (program, line) in [
            ("reads", "long iov = (long)BPF_CORE_READ(iter, iov);"),
            ("chained", "sum += BPF_CORE_READ(task, real_parent, gone);"),
            ("direct", "sum += task->gone;"),
            ("size", "sum += bpf_core_field_size(struct iov_iter, iov);"),
        ] {
            let mut linked = spec.link(program).unwrap();
            linked.relocate(&mut relocator).unwrap();
            let [poisoned] = linked.poisoned.as_slice() else { panic!("{label}: {program}") };
            let found = linked.poisoned_line(&btf, poisoned).unwrap();
            assert_eq!(btf.string(found.info.text).unwrap().trim(), line, "{label}: {program}");
        }
    });
}

#[test]
fn near_members_are_told_nearest_first() {
    compilers::each("core_lines", |label, spec| {
        let btf = spec.btf.clone().unwrap();
        let mut relocator = Relocator::new(&btf, Target::new("vmlinux", &kernel(spec)));
        let mut linked = spec.link("reads").unwrap();
        linked.relocate(&mut relocator).unwrap();
        let failure = relocator.explain(&linked.poisoned[0].record).unwrap().unwrap();
        let Cause::NoMember { member, of, near } = &failure.rejected[0].cause else {
            panic!("{label}: {failure:?}")
        };
        assert_eq!((member.as_str(), of.as_str()), ("iov", "struct iov_iter"), "{label}");
        // Renamed by underscores, by case, by a letter.
        assert_eq!(near, &["__iov", "IOV", "aov", "iow"], "{label}");
        let text = failure.to_string();
        assert!(text.ends_with("near it there is `__iov`, `IOV`, `aov`, `iow`"), "{label}: {text}");
    });
}
