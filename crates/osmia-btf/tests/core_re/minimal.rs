//! Minimal BTF answers as the whole one does.

use osmia_btf::core_re::{CoreKind, Minimal, Relocator, Resolution, Target, Width};
use osmia_btf::{Btf, CoreRecord, Endian, Kind};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{self, Fixture};

use crate::blob::{Blob, STRUCT, record};
use crate::object::{Program, kernel};
use crate::running::running;
use crate::{programs, relocator};

/// What does not depend on how types are numbered.
fn answer(resolution: &Resolution) -> (u64, Option<u64>, Width, bool) {
    let target = match resolution.kind {
        CoreKind::TypeIdTarget => resolution.target.map(|id| u64::from(id != 0)),
        _ => resolution.target,
    };
    (resolution.original, target, resolution.width, resolution.found.is_some())
}

/// Checks every answer and returns how many there are.
fn same(local: &Btf, records: &[CoreRecord], whole: &Btf, minimal: &Btf) -> usize {
    let relocator = |btf: &Btf| Relocator::new(local, Target::new("vmlinux", btf));
    let (mut one, mut two) = (relocator(whole), relocator(minimal));
    for record in records {
        let (one, two) = (one.resolve(record).unwrap(), two.resolve(record).unwrap());
        assert_eq!(answer(&one), answer(&two), "{record:?}");
    }
    records.len()
}

#[test]
fn every_kind() {
    for clang in Clang::present() {
        for changed in [false, true] {
            let Some(program) = programs(clang) else { continue };
            let Some(mut relocator) = relocator(&program, changed) else { continue };
            let whole = relocator.target(0).unwrap().btf().clone();
            let sites = program.sites.iter().map(|site| site.record);
            // One of them is ambiguous, which is an error.
            let records: Vec<CoreRecord> =
                sites.filter(|record| relocator.resolve(record).is_ok()).collect();
            let mut minimal = Minimal::new(Target::new("vmlinux", &whole), Vec::new());
            minimal.add(&program.btf, records.iter().copied()).unwrap();
            let minimal = minimal.build().unwrap();
            assert!(same(&program.btf, &records, &whole, &minimal) > 60);
            let thing = minimal.find(Kind::Struct, "thing").unwrap().unwrap();
            let names: Vec<&str> = thing.members().map(|member| member.unwrap().name).collect();
            // What is not asked for is not there, and what is asked for is in its order.
            assert_eq!(names.contains(&"gone"), !changed, "{names:?}");
            assert!(!names.contains(&"lead") && !names.contains(&"before"), "{names:?}");
        }
    }
}

#[test]
fn of_the_other_byte_order() {
    let program = Fixture::new("core_program").endian(fixture::Endian::Big);
    let types = Fixture::new("core_kernel").endian(fixture::Endian::Big).define("CHANGED");
    let (Some(program), Some(whole)) = (Program::of(&program), kernel(&types)) else { return };
    let asked = ["off_deeper", "bits_left", "sbits_right", "value_off", "type_size", "off_gone"];
    let records = asked.map(|name| program.site(name).record);
    let mut minimal = Minimal::new(Target::new("vmlinux", &whole), Vec::new());
    minimal.add(&program.btf, records).unwrap();
    let minimal = minimal.build().unwrap();
    assert_eq!(minimal.endian(), Endian::Big);
    same(&program.btf, &records, &whole, &minimal);
}

#[test]
fn of_the_running_kernel() {
    let Some(whole) = running() else { return };
    let Some(program) = Program::of(&Fixture::new("core_iter")) else { return };
    let records: Vec<CoreRecord> = program.sites.iter().map(|site| site.record).collect();
    let mut minimal = Minimal::new(Target::new("vmlinux", &whole), Vec::new());
    minimal.add(&program.btf, records.iter().copied()).unwrap();
    let minimal = minimal.build().unwrap();
    same(&program.btf, &records, &whole, &minimal);
    assert!(minimal.type_count().unwrap() < 30 && minimal.as_bytes().len() < 1000);
    let task = minimal.find(Kind::Struct, "task_struct").unwrap().unwrap();
    assert_eq!((task.vlen(), task.own_size()), (1, size_of(&whole, "task_struct")));
}

fn size_of(btf: &Btf, name: &str) -> Option<u32> {
    btf.find(Kind::Struct, name).unwrap().unwrap().own_size()
}

/// Types of modules come into the same BTF, those of the kernel that they use once.
#[test]
fn of_modules() {
    let mut local = Blob::new();
    let int = local.int("int", 4, true);
    let access = local.string("0:0");
    let core = local.composite(STRUCT, "core", 4, &[("x", int, 0)]);
    let driver = local.composite(STRUCT, "driver", 4, &[("x", int, 0)]);
    let local = local.btf();
    let mut kernel = Blob::new();
    let int = kernel.int("int", 4, true);
    kernel.composite(STRUCT, "core", 8, &[("a", int, 0), ("x", int, 32)]);
    let kernel = kernel.btf();
    let mut module = Blob::on(&kernel);
    module.composite(STRUCT, "unused", 4, &[("x", 1, 0)]);
    module.composite(STRUCT, "driver", 64, &[("y", 1, 0), ("x", 1, 96)]);
    let module = Target::new("module", &module.btf());
    let records = [
        record(core, access, CoreKind::FieldByteOffset),
        record(driver, access, CoreKind::FieldByteOffset),
    ];
    let mut minimal = Minimal::new(Target::new("vmlinux", &kernel), vec![module]);
    minimal.add(&local, records).unwrap();
    let minimal = minimal.build().unwrap();
    assert!(minimal.base().is_none());
    let names: Vec<String> =
        minimal.types().unwrap().map(|ty| ty.unwrap().name().to_owned()).collect();
    assert_eq!(names, ["int", "core", "driver"]);
    let mut relocator = Relocator::new(&local, Target::new("minimal", &minimal));
    let targets = records.map(|record| relocator.resolve(&record).unwrap().target);
    assert_eq!(targets, [Some(4), Some(12)]);
}

/// An array of no length in the middle of a struct must not become its last member.
#[test]
fn arrays_of_no_length() {
    let mut local = Blob::new();
    let int = local.int("int", 4, true);
    let none = local.array(int, 0);
    let some = local.array(int, 9);
    let whole = local.composite(STRUCT, "list", 40, &[("items", none, 0)]);
    let item = local.composite(STRUCT, "list", 40, &[("items", some, 0)]);
    let [array, fifth] = ["0:0", "0:0:5"].map(|text| local.string(text));
    let local = local.btf();
    let mut kernel = Blob::new();
    let int = kernel.int("int", 4, true);
    let none = kernel.array(int, 0);
    kernel.composite(STRUCT, "list", 8, &[("items", none, 0), ("a", int, 0), ("b", int, 32)]);
    let kernel = kernel.btf();
    let exists = CoreKind::FieldExists;
    let records = [record(whole, array, exists), record(item, fifth, exists)];
    let mut minimal = Minimal::new(Target::new("vmlinux", &kernel), Vec::new());
    minimal.add(&local, records).unwrap();
    let minimal = minimal.build().unwrap();
    let list = minimal.find(Kind::Struct, "list").unwrap().unwrap();
    assert_eq!(list.vlen(), 2);
    same(&local, &records, &kernel, &minimal);
}
