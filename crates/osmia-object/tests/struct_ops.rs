//! Tables of callbacks, matched against a kernel's struct.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_btf::core_re::Target;
use osmia_btf::{Bits, Builder, Endian, Int, Kind, Member, TypeId};
use osmia_object::{ObjectSpec, OpsTable};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;

/// What may be wrong with the kernel's struct.
#[derive(Clone, Copy, PartialEq)]
enum Kernel {
    Right,
    NameIsShort,
    FlagsAreCallback,
    NoValue,
    NoStruct,
}

fn kernel(how: Kernel) -> Target {
    let mut builder = Builder::new(Endian::host());
    let int = |size, is_char| Int {
        size,
        bits: size * 8,
        offset: 0,
        signed: false,
        is_char,
        is_bool: false,
    };
    let number = builder.int("unsigned int", int(4, false)).unwrap();
    let char = builder.int("char", int(1, true)).unwrap();
    let len = if how == Kernel::NameIsShort { 8 } else { 16 };
    let name = builder.array(char, number, len).unwrap();
    let prototype = builder.prototype(TypeId::VOID, &[]).unwrap();
    let callback = builder.pointer(prototype).unwrap();
    let member = |name: &'static str, ty, byte: u32| Member {
        name,
        ty,
        offset: Bits(byte * 8),
        bitfield: None,
    };
    let flags = if how == Kernel::FlagsAreCallback { callback } else { number };
    let ops = [
        member("ssthresh", callback, 0),
        member("cong_avoid", callback, 8),
        member("undo_cwnd", callback, 16),
        member("name", name, 24),
        member("flags", flags, 40),
        member("init", callback, 48),
        member("release", callback, 56),
    ];
    if how != Kernel::NoStruct {
        let ops = builder.composite(Kind::Struct, "tcp_congestion_ops", 64, &ops).unwrap();
        let value = [member("common", number, 0), member("data", ops, 64)];
        let value_name = match how {
            Kernel::NoValue => "something_else",
            _ => "bpf_struct_ops_tcp_congestion_ops",
        };
        builder.composite(Kind::Struct, value_name, 128, &value).unwrap();
    }
    Target::new("vmlinux", &builder.build().unwrap())
}

fn each(mut check: impl FnMut(&mut ObjectSpec)) {
    for clang in [Clang::V14, Clang::V16, Clang::V19] {
        let Some(bytes) = Fixture::new("struct_ops").clang(clang).bytes() else { continue };
        check(&mut ObjectSpec::parse("struct_ops", bytes.into()).unwrap());
    }
}

fn table(spec: &ObjectSpec, map: &str, how: Kernel) -> Result<OpsTable, String> {
    spec.ops_table(&spec.maps[map], &kernel(how), || &[]).map_err(|error| error.to_string())
}

#[test]
fn members_are_matched_by_name() {
    each(|spec| {
        let found = table(spec, "shy", Kernel::Right).unwrap();
        assert_eq!((found.name.as_str(), found.place), ("tcp_congestion_ops", 0));
        assert_eq!(found.value.len(), 128);
        assert_eq!(&found.value[64 + 24..][..16], b"osmia_shy\0\0\0\0\0\0\0");
        assert_eq!(found.value[..64], [0; 64]);
        let programs: Vec<_> = found
            .programs
            .iter()
            .map(|one| (one.member.as_str(), one.index, one.offset, one.program.as_str()))
            .collect();
        assert_eq!(
            programs,
            [
                ("init", 5, 64 + 48, "shy_init"),
                ("ssthresh", 0, 64, "shy_ssthresh"),
                ("cong_avoid", 1, 64 + 8, "shy_cong_avoid"),
                ("undo_cwnd", 2, 64 + 16, "shy_undo_cwnd"),
            ]
        );
    });
}

#[test]
fn what_does_not_match_is_named() {
    each(|spec| {
        let error = |map, how| table(spec, map, how).unwrap_err();
        assert_eq!(
            error("left_out", Kernel::Right),
            "map left_out: nmae: the kernel's `struct tcp_congestion_ops` has no such member; did \
             you mean name?"
        );
        let short = error("shy", Kernel::NameIsShort);
        assert_eq!(short, "map shy: name: it is `char name[16]`, in the kernel `char name[8]`");
        let kind = error("shy", Kernel::FlagsAreCallback);
        let told = "map shy: flags: it is `__u32 flags`, in the kernel `void (*flags)(void)`";
        assert_eq!(kind, told);
        let value = error("shy", Kernel::NoValue);
        assert!(value.ends_with("has such a struct, and takes no programs for it"), "{value}");
        let absent = error("shy", Kernel::NoStruct);
        assert!(absent.contains("neither this kernel nor one of its modules"), "{absent}");
    });
}

#[test]
fn values_and_callbacks_can_be_set() {
    each(|spec| {
        spec.set_op("shy", "flags", 2_u32).unwrap();
        spec.set_op("shy", "name", "other").unwrap();
        spec.set_op_program("shy", "init", None).unwrap();
        spec.set_op_program("shy", "undo_cwnd", Some("shy_ssthresh")).unwrap();
        let found = table(spec, "shy", Kernel::Right).unwrap();
        assert_eq!(&found.value[64 + 24..][..6], b"other\0");
        assert_eq!(found.value[64 + 40..][..4], 2_u32.to_ne_bytes());
        let program = |member: &str| found.programs.iter().find(|one| one.member == member);
        assert_eq!(program("init"), None);
        assert_eq!(program("undo_cwnd").unwrap().program, "shy_ssthresh");
        // The other table is as it was.
        let other = table(spec, "linked", Kernel::Right).unwrap();
        assert_eq!(other.programs.len(), 4);
        assert_eq!(spec.op_bytes("shy", "flags").unwrap(), 2_u32.to_ne_bytes());
        assert_eq!(spec.op_program("shy", "undo_cwnd").unwrap(), Some("shy_ssthresh"));
        assert_eq!(spec.op_program("shy", "init").unwrap(), None);
        spec.set_op_bytes("shy", "flags", &3_u32.to_ne_bytes()).unwrap();
        assert_eq!(spec.op_bytes("shy", "flags").unwrap(), 3_u32.to_ne_bytes());
        let told = spec.op_bytes("shy", "init").unwrap_err().to_string();
        assert!(told.contains("is a callback"), "{told}");
        for (told, part) in [
            (spec.set_op_bytes("shy", "flags", &[1]), "it has 4 bytes, the value has 1"),
            (spec.set_op("shi", "flags", 2_u32), "no such table of callbacks; did you mean shy?"),
            (spec.set_op("shy", "flag", 2_u32), "has no such member; did you mean flags?"),
            (spec.set_op("shy", "flags", "text"), "map shy: flags: "),
            (spec.set_op("shy", "init", 1_u64), "is a callback: `set_op_program` sets it"),
            (spec.set_op_program("shy", "flags", None), "is no callback: `set_op` sets it"),
            (
                spec.set_op_program("shy", "init", Some("shy_inti")),
                "shy_inti is no program of the object; did you mean shy_init?",
            ),
        ] {
            let told = told.unwrap_err().to_string();
            assert!(told.contains(part), "{told}");
        }
    });
}

#[test]
fn tables_that_are_left_out_are_told_apart() {
    each(|spec| {
        let created = |name: &str| spec.maps[name].autocreate;
        assert_eq!((created("shy"), created("linked"), created("left_out")), (true, true, false));
    });
}
