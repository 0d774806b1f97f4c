//! What comes of files that are linked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod parts;

use osmia_btf::{Btf, Kind, Linkage};
use osmia_link::{ObjectFile, link};
use osmia_object::elf::{Elf, Place};
use osmia_object::{ExternKind, MapRole, ObjectSpec, SlotValue, Target};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Cpu, Endian, Fixture};

fn linked(objects: &[ObjectFile]) -> Vec<u8> {
    link(objects).unwrap_or_else(|error| panic!("{error}"))
}

fn open(bytes: &[u8]) -> ObjectSpec {
    ObjectSpec::parse("linked", bytes.to_vec().into()).unwrap_or_else(|error| panic!("{error}"))
}

/// Links each set of files that there is, and opens what comes of it.
fn each(check: impl Fn(&str, &ObjectSpec)) {
    for (label, objects) in parts::all() {
        check(&label, &open(&linked(&objects)));
    }
}

/// The names of a kind of types, sorted.
fn names(btf: &Btf, kind: Kind) -> Vec<String> {
    let types = btf.types().unwrap().map(Result::unwrap).filter(|ty| ty.kind() == kind);
    let mut names: Vec<_> = types.map(|ty| ty.name().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn programs_maps_and_variables_of_all_files_are_there() {
    each(|label, spec| {
        let programs: Vec<_> = spec.programs.keys().map(String::as_str).collect();
        assert_eq!(programs, ["entry", "counts_own", "deeper"], "{label}");
        assert!(spec.programs.values().all(|program| program.section == "tc"));
        let is_map = |role| spec.maps.values().filter(move |map| map.role == role);
        let mut maps: Vec<_> = is_map(MapRole::Declared).map(|map| map.name.as_str()).collect();
        maps.sort_unstable();
        assert_eq!(maps, ["counts", "own"], "{label}");
        assert_eq!(spec.license, "GPL");
        let words = |name: &str| spec.variable(name).unwrap().bytes().to_vec();
        let number = |value: u32| match spec.endian {
            osmia_btf::Endian::Little => value.to_le_bytes(),
            osmia_btf::Endian::Big => value.to_be_bytes(),
        };
        assert_eq!(words("base"), number(7), "{label}");
        assert_eq!(words("limit"), number(9), "the weak one yields; {label}");
        assert_eq!(words("factor"), number(3), "{label}");
        let statics = |name: &str| {
            let of_name = |found: &&osmia_object::VariableSpec| {
                found.name.split('.').next() == Some(name) && found.is_static
            };
            spec.variables.values().filter(of_name).map(|v| words(&v.name)).collect::<Vec<_>>()
        };
        let mut greetings = statics("greeting");
        greetings.sort();
        assert_eq!(greetings, [&b"count\0"[..], b"deep\0", b"entry\0"], "{label}");
        let mut calls = statics("calls");
        calls.sort();
        let mut expected = [number(0), number(0), number(5)];
        expected.sort_unstable();
        assert_eq!(calls, expected, "{label}");
    });
}

#[test]
fn references_lead_where_they_did() {
    each(|label, spec| {
        let first = spec.link("entry").unwrap_or_else(|error| panic!("{label}: {error}"));
        let names: Vec<_> = first.functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["entry", "twist", "scale", "twist", "pick", "deep", "twist"], "{label}");
        // Each file's own `twist`: the constants that they add.
        let constants = first.functions.iter().filter(|one| one.name == "twist").map(|one| {
            let insns = &first.insns[one.start as usize..(one.start + one.len) as usize];
            let adds =
                |insn: &&osmia_insn::Insn| insn.code.0 == 0x04 && [10, 20, 30].contains(&insn.imm);
            insns.iter().find(adds).map_or(0, |insn| insn.imm)
        });
        assert_eq!(constants.collect::<Vec<_>>(), [10, 20, 30], "{label}");
        let entry = spec.functions.iter().find(|one| one.name == "entry").unwrap();
        let greeting = spec.variables.values().filter(|one| one.name.starts_with("greeting"));
        let mut places: Vec<u32> = greeting.map(|one| one.offset).collect();
        places.sort_unstable();
        let at = |name: &str| {
            let function = spec.functions.iter().find(|one| one.name == name).unwrap();
            let constants = function.relocations.iter().filter_map(|one| match &one.target {
                Target::MapValue { map, offset } if map == ".rodata" => Some(*offset),
                _ => None,
            });
            constants
                .filter(|offset| *offset != spec.variables["factor"].offset)
                .collect::<Vec<_>>()
        };
        assert_eq!(at("entry"), [places[0]], "{label}");
        assert_eq!(at("counts_own"), [places[1]], "{label}");
        assert_eq!(at("deeper"), [places[2]], "{label}");
        let map = entry.relocations.iter().find(|one| matches!(one.target, Target::Map(_)));
        assert_eq!(map.unwrap().target, Target::Map("counts".to_owned()));
    });
}

#[test]
fn types_are_there_once() {
    each(|label, spec| {
        let btf = spec.btf.as_ref().unwrap();
        assert_eq!(
            names(btf, Kind::DataSec),
            [".bss", ".data", ".kconfig", ".maps", ".rodata", "license"]
        );
        for kind in [Kind::Struct, Kind::Int, Kind::Typedef, Kind::DataSec] {
            let mut all = names(btf, kind);
            all.retain(|name| !name.is_empty());
            let count = all.len();
            all.dedup();
            assert_eq!(all.len(), count, "{label}: {kind} {all:?}");
        }
        let mut found: Vec<String> = Vec::new();
        for ty in btf.types().unwrap().map(Result::unwrap) {
            if ty.kind() == Kind::Var && ty.linkage() != Some(Linkage::Static) {
                found.push(ty.name().to_owned());
            }
            let is_declared = ty.linkage() == Some(Linkage::Extern);
            let is_kernels = matches!(ty.name(), "LINUX_KERNEL_VERSION" | "CONFIG_BPF_SYSCALL");
            assert_eq!(is_declared, is_kernels, "{label}: {}", ty.name());
        }
        found.sort();
        let expected = [
            "CONFIG_BPF_SYSCALL",
            "LICENSE",
            "LINUX_KERNEL_VERSION",
            "base",
            "counts",
            "factor",
            "limit",
            "own",
            "total",
        ];
        assert_eq!(found, expected, "{label}");
        for section in btf.types().unwrap().map(Result::unwrap) {
            if section.kind() != Kind::DataSec || section.name() == ".kconfig" {
                continue;
            }
            let mut end = 0;
            for var in section.section_vars() {
                assert!(var.offset >= end, "{label}: {} {var:?}", section.name());
                end = var.offset + var.size;
            }
            assert!(end <= section.own_size().unwrap(), "{label}: {}", section.name());
        }
    });
}

#[test]
fn instructions_keep_their_lines_types_and_relocations() {
    each(|label, spec| {
        for function in &spec.functions {
            let btf = spec.btf.as_ref().unwrap();
            let ty = btf.ty(function.btf_type.unwrap()).unwrap();
            assert_eq!(ty.name(), function.name, "{label}");
            let first = function.lines.first().unwrap();
            assert_eq!(first.at, 0, "{label}: {}", function.name);
            let file = btf.string(first.info.file).unwrap();
            let expected = match function.name.as_str() {
                "entry" => Some("parts_entry.bpf.c"),
                "counts_own" | "scale" | "pick" => Some("parts_count.bpf.c"),
                "deeper" | "deep" => Some("parts_deep.bpf.c"),
                _ => None,
            };
            assert!(expected.is_none_or(|name| file.ends_with(name)), "{label}: {file}");
            let count = match function.name.as_str() {
                "entry" | "deeper" => 1,
                _ => 0,
            };
            assert_eq!(function.core.len(), count, "{label}: {}", function.name);
            for one in &function.core {
                assert_eq!(btf.ty(one.record.ty).unwrap().name(), "task_struct", "{label}");
                let access = btf.string(one.record.access).unwrap();
                assert_eq!(access, if function.name == "entry" { "0:1" } else { "0:0" });
            }
        }
    });
}

#[test]
fn what_the_kernel_provides_stays_declared() {
    each(|label, spec| {
        let externs: Vec<_> = spec.externs.keys().map(String::as_str).collect();
        assert_eq!(externs, ["LINUX_KERNEL_VERSION", "CONFIG_BPF_SYSCALL"], "{label}");
        assert!(!spec.externs["LINUX_KERNEL_VERSION"].weak);
        assert!(spec.externs["CONFIG_BPF_SYSCALL"].weak);
        let kind = spec.externs["LINUX_KERNEL_VERSION"].kind;
        assert!(matches!(kind, ExternKind::Kconfig { size: 4, .. }), "{label}: {kind:?}");
    });
}

#[test]
fn symbols_are_local_weak_and_hidden_as_they_were() {
    for (label, objects) in parts::all() {
        let bytes = linked(&objects);
        let elf = Elf::read(&bytes).unwrap();
        let of = |name: &'static str| elf.symbols.iter().filter(move |symbol| symbol.name == name);
        assert_eq!(of("twist").filter(|symbol| symbol.is_local()).count(), 3, "{label}");
        assert_eq!(of("calls").count(), 3, "{label}");
        for name in ["pick", "scale", "total", "counts", "LICENSE"] {
            let found: Vec<_> = of(name).collect();
            assert_eq!(found.len(), 1, "{label}: {name}");
            assert!(!found[0].is_weak() && !found[0].hidden && !found[0].is_extern(), "{name}");
        }
        assert!(of("deep").all(|symbol| symbol.hidden), "{label}");
        assert!(elf.sections.iter().all(|section| !section.name.starts_with(".debug")), "{label}");
        // Readers count on it.
        let global = elf.symbols.iter().position(|symbol| !symbol.is_local());
        assert!(elf.symbols.iter().skip(global.unwrap()).all(|symbol| !symbol.is_local()));
    }
}

#[test]
fn one_step_or_several_make_the_same_object() {
    for (label, objects) in parts::all() {
        let at_once = linked(&objects);
        assert!(linked(&objects) == at_once, "{label}");
        let halves = ObjectFile::new("halves", linked(&objects[..2]));
        let in_steps = linked(&[halves, objects[2].clone()]);
        let (one, two) = (open(&at_once), open(&in_steps));
        assert_eq!(one.functions.len(), two.functions.len(), "{label}");
        for name in one.programs.keys() {
            assert_eq!(one.link(name).unwrap().insns, two.link(name).unwrap().insns, "{label}");
        }
        assert_eq!(one.variables.len(), two.variables.len(), "{label}");
        let again = linked(&[ObjectFile::new("linked", at_once.clone())]);
        assert!(again == at_once, "{label}: an object that is linked stays as it is");
    }
}

#[test]
fn a_single_object_means_what_it_did() {
    let stems = [
        "calls",
        "maps",
        "variables",
        "externs",
        "core",
        "struct_ops",
        "kconfig",
        "arena",
        "exception",
        "legacy",
        "tables",
    ];
    for stem in stems {
        for endian in [Endian::Little, Endian::Big] {
            let fixture = Fixture::new(stem).clang(Clang::DEFAULT).endian(endian);
            let Ok(path) = fixture.made() else { continue };
            let bytes = std::fs::read(path).unwrap();
            let before = ObjectSpec::parse(stem, bytes.clone().into()).unwrap();
            let after = linked(&[ObjectFile::new(stem, bytes.clone())]);
            assert!(after.len() < bytes.len(), "{stem}: {} -> {}", bytes.len(), after.len());
            let after = ObjectSpec::parse(stem, after.into()).unwrap();
            let maps = |spec: &ObjectSpec| {
                let map = |map: &osmia_object::MapSpec| {
                    let sizes = (map.key_size, map.value_size, map.max_entries, map.map_type);
                    (map.name.clone(), sizes, map.contents.clone(), map.values.clone())
                };
                spec.maps.values().map(map).collect::<Vec<_>>()
            };
            assert_eq!(maps(&before), maps(&after), "{stem}, {endian}");
            let variables = |spec: &ObjectSpec| {
                let place = |v: &osmia_object::VariableSpec| {
                    (v.name.clone(), v.map.clone(), v.offset, v.size, v.is_static, v.ty.is_some())
                };
                spec.variables.values().map(place).collect::<Vec<_>>()
            };
            assert_eq!(variables(&before), variables(&after), "{stem}, {endian}");
            assert!(before.programs.keys().eq(after.programs.keys()), "{stem}, {endian}");
            for name in before.programs.keys() {
                let (one, two) = (before.link(name), after.link(name));
                match (one, two) {
                    (Ok(one), Ok(two)) => {
                        assert_eq!(one.insns, two.insns, "{stem}, {endian}: {name}");
                        assert_eq!(one.relocations, two.relocations, "{stem}, {endian}: {name}");
                        assert_eq!(one.lines.len(), two.lines.len(), "{stem}, {endian}: {name}");
                        assert_eq!(one.core.len(), two.core.len(), "{stem}, {endian}: {name}");
                    }
                    (one, two) => assert_eq!(one.err(), two.err(), "{stem}, {endian}: {name}"),
                }
            }
        }
    }
}

#[test]
fn labels_are_left_out() {
    let objects = parts::of(Clang::DEFAULT, Endian::NATIVE);
    let Some(first) = objects.first() else { return };
    let elf = Elf::read(&first.bytes).unwrap();
    let is_label = |symbol: &&osmia_object::elf::Symbol<'_>| symbol.name.starts_with("LBB");
    let bytes = linked(&objects);
    let after = Elf::read(&bytes).unwrap();
    assert_eq!(after.symbols.iter().filter(is_label).count(), 0);
    assert!(elf.symbols.iter().all(|symbol| symbol.place != Place::Common));
}

#[test]
fn jump_tables_lead_where_the_code_is() {
    let tables = Fixture::new("jump_tables").define("COMPILED").clang(Clang::V22).cpu(Cpu::V4);
    let Some(tables) = tables.bytes() else { return };
    let before = ObjectSpec::parse("tables", tables.clone().into()).unwrap();
    // A file in front, with code in the same sections.
    let Some(front) = Fixture::new("parts_shift").clang(Clang::V22).cpu(Cpu::V4).bytes() else {
        return;
    };
    let objects = [ObjectFile::new("front", front), ObjectFile::new("tables", tables)];
    let after = open(&linked(&objects));
    let mut count = 0;
    for function in &before.functions {
        let twin = after.functions.iter().find(|one| one.name == function.name).unwrap();
        assert!(twin.start > function.start, "{}", function.name);
        assert_eq!(twin.jump_tables, function.jump_tables, "{}", function.name);
        count += function.jump_tables.len();
    }
    assert!(count > 1, "{count}");
}

#[test]
fn slots_and_members_hold_what_other_files_define() {
    let object = |stem: &str| {
        let bytes = Fixture::new(stem).define("OPS").bytes()?;
        Some(ObjectFile::new(stem, bytes))
    };
    let (Some(slots), Some(filled)) = (object("parts_slots"), object("parts_filled")) else {
        return;
    };
    for objects in [[slots.clone(), filled.clone()], [filled, slots]] {
        let spec = open(&linked(&objects));
        let slot = |map: &str| spec.maps[map].values.clone();
        let program = |name: &str| SlotValue::Program(name.to_owned());
        assert_eq!(slot("jumps"), [(1, program("first")), (2, program("second"))]);
        assert_eq!(slot("outer"), [(1, SlotValue::Map("inner".to_owned()))]);
        let pointers = &spec.maps["slots_ops"].pointers;
        assert_eq!(pointers.len(), 1, "{pointers:?}");
        assert_eq!((pointers[0].offset, pointers[0].symbol.as_str()), (0, "ops_init"));
        let callback = |program: &str| {
            let linked = spec.link(program).unwrap();
            let each = linked.functions.iter().find(|one| one.name == "each").unwrap();
            let insns = &linked.insns[each.start as usize..(each.start + each.len) as usize];
            let adds = insns.iter().find(|insn| insn.code.0 == 0x04);
            adds.map(|insn| insn.imm)
        };
        assert_eq!((callback("sums"), callback("second")), (Some(1), Some(10)));
        assert_eq!(names(spec.btf.as_ref().unwrap(), Kind::DataSec).len(), 4);
    }
}
